"""Every promise, its bound, and what measures it: a command of the repository, tests of the suite, or a figure."""

from __future__ import annotations

from functools import partial

from benchmarks.figures.answering import MESSAGES
from benchmarks.figures.beside import BESIDE
from benchmarks.figures.catalogue import ANSWER_AT_MOST, SAVING, judge_answering, judge_links, savings
from benchmarks.figures.lists import ROWS, SLOWEST, judge_lists
from benchmarks.promises import combinations, commands
from benchmarks.promises.outward import OUTBOUND, SECRETS, WEBHOOKS
from benchmarks.promises.suite import Tests, kept_by
from benchmarks.verdict import Promise

KILL_POINTS = "tests/e2e/test_kill_points.py"
KILL_AT_RANDOM = "tests/e2e/test_kill_at_random.py"
WORKERS = "tests/e2e/test_workers.py"
SEVERAL_WORKERS = "tests/e2e/test_several_workers.py"
SINGLE_FLIGHT = "tests/integration/credentials/test_single_flight.py"
SUPPORTS_WAY = "tests/browser/test_support.py"
STORY = "tests/browser/test_story.py"
CARDS = "tests/browser/test_cards.py"
PICTURES = "tests/browser/test_pictures.py"
FAULTS = "CONFERENCING_SANDBOX_FAULTS"
PAGES = "tests/integration/pages"
INBOUND_TESTS = "tests/integration/inbound"
GATE = f"{INBOUND_TESTS}/test_gate.py"
ADMIN = "tests/integration/admin"
VERIFYING = "tests/integration/verification"
PROVISIONING = "tests/integration/provisioning"

AS_NEW = "0 lost, 0 orphaned, 0 doubled"
ALL_STATUSES = "0 unexpected answers, 0 foreign data"
REFRESHED_ONCE = (("refreshes", 1), ("failures", 0))


def kills(name: str, test: str, at_least: int, bound: str = AS_NEW) -> Promise:
    return kept_by(f"kill-{name}", f"each point hit, {bound}", Tests((KILL_POINTS,), test, at_least))


def fault(name: str, step: str) -> Promise:
    measure = partial(commands.demo_with_fault, name, step)
    return Promise(
        f"demo-{name}", f"exit not 0, names “{step}”, 0 processes left", measure, f"make demo, {FAULTS}={name}"
    )


TOLD = f"exit 0 within {commands.DEMO_SECONDS} s, the whole story, 0 processes left"
DEMO = [
    Promise("demo-cold", TOLD, commands.demo_from_cold, "make demo in a fresh archive, no cache"),
    Promise("demo-twice", TOLD, commands.demo_twice, "make demo, and again"),
    Promise("demo-terminal", TOLD, commands.demo_on_terminal, "make demo under a pseudo-terminal"),
    Promise("demo-ports-taken", TOLD, commands.demo_with_ports_taken, "make demo, 8000 and 8080 taken"),
    fault("refuse-creates", "Step 2 did not hold"),
    fault("ignore-updates", "Step 3 did not hold"),
    fault("ignore-deletes", "Step 7 did not hold"),
]

BROWSER = [
    kept_by("browser-mouse", "from signing in to the link, page not reloaded", Tests((STORY,), "1280-Mouse")),
    kept_by("browser-keyboard", "the same by keyboard alone", Tests((STORY,), "1280-Keyboard")),
    kept_by("browser-375-px", "the same at 375 px, by mouse and by keyboard", Tests((STORY,), "375", 2)),
    kept_by("browser-relink", "the card shows the link within 5 s, page not reloaded", Tests((CARDS,), "five_seconds")),
    kept_by("browser-no-script", "Check again shows the link", Tests((STORY,), "without_script")),
    kept_by(
        "browser-axe",
        "0 violations on every page, light and dark, 320 and 1280 px",
        Tests(("tests/browser/test_every_page.py", f"{PAGES}/test_browser.py"), "every_page", 50),
    ),
    kept_by("browser-pictures", "the README's and the documentation's are made", Tests((PICTURES,), "", 14)),
]

BROKER = [
    *savings("SQLite"),
    Promise("worker-start-broker-down", "0 without a link", partial(judge_links, "SQLite", "Redis refused"), SAVING),
    kept_by(
        "worker-kinds-broker-down", "each kind of worker makes all links", Tests((WORKERS,), "without_a_broker", 4)
    ),
    kept_by("broker-flushed", "50 of 50 links, Redis and RabbitMQ", Tests((WORKERS,), "forgets_everything", 2)),
    kept_by("worker-sigterm", f"ends within 10 s, {AS_NEW}", Tests((WORKERS,), "asked_to_end", 3)),
]

CRASHES = [
    kept_by("kill-points", "each point of the code has a test", Tests((KILL_POINTS,), "every_point")),
    kills("create", "it_makes_meetings", 9),
    kills("update", "it_moves_meetings", 10),
    kills("delete", "it_removes_meetings", 7),
    kills("lost-answer", "answer_was_lost", 14),
    kills("refresh", "refreshes_a_token or new_tokens_in_hand", 3, "at most 2 refreshes, links or a relink"),
    kills("unlink", "gave_a_grant_back", 1, "0 live meetings, grant gone"),
    kills("notification", "tells_what_became", 7, "each heard, in order, for each event"),
    *[
        kept_by(
            f"notification-at-least-once-{database.lower()}",
            "200 outcomes, each with a kill between commit and signal: 200 heard, in order",
            Tests((KILL_POINTS,), "each_outcome_is_heard", exactly=(("kills", 200), ("heard", 200))),
            database,
        )
        for database in ("SQLite", "PostgreSQL")
    ],
    kept_by("notification-once", "3 workers, no crash: each told once, in order", Tests((SEVERAL_WORKERS,))),
    kept_by("kill-post", "each posted, one of them twice at most, same bytes", Tests((WEBHOOKS,), "while_it_posts", 2)),
    kept_by("kill-mail", "sent, twice at most, the same link", Tests((WEBHOOKS,), "while_it_sends_a_mail", 2)),
    kills("web-process", "web_process_killed", 3, "event and wanted row both or neither"),
    kills("owner-deleted", "deleted_person", 5, "20 future events, 0 live meetings"),
    *[
        kept_by(f"kill-random-{database.lower()}", f"200 seeded kills, {AS_NEW}", tests, database)
        for tests in [Tests((KILL_AT_RANDOM,), exactly=(("kills", 200),))]
        for database in ("SQLite", "PostgreSQL", "MariaDB")
    ],
    kept_by(
        "frozen-worker", f"frozen past its lease, thawed: {AS_NEW}", Tests(("tests/e2e/test_frozen_worker.py",), "", 14)
    ),
]

MACHINE = [
    kept_by(
        "machine",
        "300 runs of 40 steps, each judged by the provider's log: what is wanted is there, nothing else",
        Tests(("tests/integration/machine",), "", 30),
    )
]

TOKENS = [
    kept_by(
        f"one-refresh-{database.lower()}",
        "4 processes × 50 tasks: exactly 1 refresh, 0 failures",
        Tests((SINGLE_FLIGHT,), "four_processes", exactly=REFRESHED_ONCE),
        database,
    )
    for database in ("SQLite", "PostgreSQL")
]

MATRICES = Tests((f"{PAGES}/test_matrix.py", f"{ADMIN}/test_matrix.py"), "", 1300)
ACCESS = [kept_by("url-matrix", f"every route has a row, {ALL_STATUSES}", MATRICES)]

QUICKSTART = "tests/house/test_quickstart.py"
THE_WHEEL = [
    kept_by("wheel-contents", "the app, all of it and nothing else", Tests(("tests/house/test_wheel.py",), "", 10)),
    kept_by(
        "wheel-bare-site",
        "the README's lines in a new site and a new virtual environment: check clean, a link",
        Tests((QUICKSTART,), "app-base"),
    ),
    kept_by("wheel-own-base", "the same within the site's own base template", Tests((QUICKSTART,), "own-base")),
    kept_by("wheel-host-tests", "the site's own tests pass there", Tests((QUICKSTART,), "host_tests")),
    kept_by(
        "quickstart-blocks",
        "every block does what the page says, with each kind of worker",
        Tests((QUICKSTART,), "every_block or quickstart_leads or celery_worker or cron", 4),
    ),
    Promise("docs-build", "exit 0, no warning", commands.docs_are_built, "make docs in the clone"),
]

VERIFICATION = [
    kept_by(
        "verify-browser",
        "the mail's link in a fresh browser: linked, signed in nowhere; scanners consume nothing",
        Tests((f"{PAGES}/test_browser_verification.py",), "", 5),
    ),
    kept_by(
        "verify-hostile",
        "every order of two people's steps, and 40 hostile links: 0 token calls, 0 rows",
        Tests((f"{VERIFYING}/test_hostile.py",), "", 100),
    ),
    kept_by(
        "verify-timing",
        "with and without an address: same bytes, median of 200 within 10 %",
        Tests((f"{VERIFYING}/test_silence.py",), "", 3),
        alone=True,
    ),
    *[
        kept_by(
            f"limits-exact-{database.lower()}",
            "50 threads, 1,000 requests: exactly as many as may",
            Tests((f"{VERIFYING}/test_limits.py",), "", 5),
            database,
        )
        for database in ("SQLite", "PostgreSQL")
    ],
]

HEALING = [
    kept_by(
        "outage-30-days",
        "event still live, ≤ 800 calls (beside renewed tokens), heals within a retry cap, 5 s after relink or try now",
        Tests((f"{PROVISIONING}/test_healing.py",), "outage or person", 4),
    ),
    kept_by(
        "heals-soonest-first",
        "400 broken events, 100 a day, relinked: each day the next 100 by start, 0 refused",
        Tests((f"{PROVISIONING}/test_healing.py",), "soonest", exactly=(("linked", 400), ("refused", 0))),
    ),
    kept_by(
        "poison",
        "50 events that always fail beside 200 good: p95 of the good ≤ 1.5 × without",
        Tests((f"{PROVISIONING}/test_poison.py",), "always_fail"),
        alone=True,
    ),
    kept_by(
        "poison-that-hangs",
        "50 accounts whose calls hang beside 200 good events: p95 of the good ≤ 1.5 × without",
        Tests((f"{PROVISIONING}/test_poison.py",), "calls_hang"),
        alone=True,
    ),
]

KEYS = [
    kept_by(
        f"key-rotation-{database.lower()}",
        "10,000 grants sealed anew while 4 threads read them: 0 failed reads",
        Tests(("tests/integration/keys",), "", 10, exactly=(("failed_reads", 0), ("rotated", 10_000))),
        database,
    )
    for database in ("SQLite", "PostgreSQL")
]

INBOUND = [
    kept_by(
        "inbound-forged",
        "26 forgeries of 3 messages, stale, oversized: 0 accepted, nothing signed",
        Tests((GATE,), "forged or too_long", 55),
    ),
    kept_by("inbound-once", "replayed, repeated, at the same moment: counted once", Tests((GATE,), "counts_once", 2)),
    kept_by(
        "inbound-deleted",
        "confirmed after 60 s, made again once, then left to its owner; own echoes cost no call",
        Tests((f"{INBOUND_TESTS}/test_meetings.py",), "", 19),
    ),
    kept_by(
        "inbound-deauthorized",
        "grant and account gone with the answer: 0 canaries in any table",
        Tests((f"{INBOUND_TESTS}/test_deauthorization.py",), "", 15),
    ),
    Promise(
        "inbound-answer",
        f"p99 of {MESSAGES} messages ≤ {ANSWER_AT_MOST:g} ms, a worker busy beside it, 0 refused",
        partial(judge_answering, "SQLite"),
        "benchmarks/figures/answering.py",
    ),
]

SUPPORT = [
    kept_by(
        "admin-sam", "support finds, reads, tries now, sees it made", Tests(("tests/browser/test_support.py",), "", 3)
    ),
    kept_by("admin-pages", "queries do not grow with rows, identifiers by index", Tests((ADMIN,), "not matrix", 150)),
    *[
        Promise(
            f"admin-100k-{database.lower()}",
            f"{ROWS} conferences: p95 of each page ≤ {SLOWEST[database]:g} ms, no more queries",
            partial(judge_lists, database),
            "benchmarks/figures/lists.py",
        )
        for database in ("SQLite", "PostgreSQL")
    ],
]

CAUSES = [
    kept_by(
        "causes-diagonal",
        "16 causes × 6 surfaces (page, admin, signal, webhook, wire, log), injected at the sandbox: each as itself",
        Tests(("tests/integration/causes",), "", 3, exactly=(("causes", 16), ("surfaces", 6), ("off_diagonal", 0))),
    )
]

OPERATING = [
    kept_by(
        "doctor",
        "41 broken set-ups: each has its own finding, and no other",
        Tests(("tests/integration/doctor/test_set_ups.py",), "own_finding_and_no_other", 41),
    ),
    kept_by(
        "proxy",
        "all https through one tunnel, at the approved address; 0 by the environment's",
        Tests(("tests/unit/http/test_proxy.py",), "", 12),
    ),
]

IN_TIME = f"exit 0 within {commands.SUITE_SECONDS} s"
REPOSITORY = [
    Promise(
        "suite-sqlite", f"fresh clone: {IN_TIME}", commands.suite_on_sqlite, "make test in a fresh clone, no service"
    ),
    Promise(
        "suite-postgresql",
        f"with Redis, nothing left out: {IN_TIME}",
        commands.suite_on_postgresql,
        "make test in the clone, REQUIRE_SERVICES=1, or the record of make test-all",
    ),
    Promise("lint", "exit 0", commands.lint_is_clean, "make lint in the clone"),
    kept_by(
        "bounds", "one set out of reach turns its command red", Tests(("tests/unit/benchmarks/test_bounds.py",), "", 20)
    ),
]

EVERYWHERE = ("SQLite", "PostgreSQL", "MariaDB")
DATABASES = [
    *[
        kept_by(
            f"times-not-utc-{database.lower()}",
            "server, session, site not in UTC: the same instants stored",
            Tests(("tests/integration/field/test_time_zones.py",), "", 30),
            database,
        )
        for database in EVERYWHERE
    ],
    *[
        kept_by(
            f"beside-workers-{database.lower()}",
            "800 saves beside 3 workers: 0 fail, 0 orphaned",
            Tests(("tests/e2e/test_saves_beside_workers.py",)),
            database,
        )
        for database in EVERYWHERE
    ],
    kept_by(
        "worker-rung", "each pool looks at once, with Redis and with RabbitMQ", Tests((WORKERS,), "look_at_once", 6)
    ),
    Promise(
        "test-all", "6 of 6 pass, nothing left out", combinations.all_databases_and_brokers, "make test-all", apart=True
    ),
    Promise("matrix", "5 of 5 pass, on the installed wheel", combinations.all_versions, "make matrix", apart=True),
]

PROMISES = [
    *(*DEMO, *BROWSER, *BROKER, *CRASHES, *MACHINE, *TOKENS, *ACCESS, *INBOUND, *OUTBOUND, *VERIFICATION),
    *(*SECRETS, *HEALING, *KEYS, *SUPPORT, *CAUSES),
    *(*OPERATING, *DATABASES, *THE_WHEEL, *REPOSITORY, *BESIDE),
]
