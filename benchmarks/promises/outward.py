"""Promises about what leaves the site: what is posted, to whom, and that no secret is among it."""

from __future__ import annotations

from benchmarks.promises.suite import Tests, kept_by

WEBHOOKS = "tests/e2e/test_webhooks.py"

OUTBOUND = [
    kept_by(
        "webhook-verified",
        "by standardwebhooks, svix and Cronofy's vectors; changed or old: by none",
        Tests(("tests/unit/notifications/test_signing.py",), "", 22),
    ),
    *[
        kept_by(
            f"webhook-down-{database.lower()}",
            "down for 72 hours, workers killed: 500 of 500, same id and bytes each time",
            Tests((WEBHOOKS,), "three_days", exactly=(("written", 500), ("taken", 500))),
            database,
        )
        for database in ("SQLite", "PostgreSQL")
    ],
    kept_by(
        "webhook-addresses",
        "80 and more forbidden addresses, names that change, redirects: 0 sockets",
        Tests(("tests/unit/http/test_untrusted.py",), "", 165),
    ),
]

SECRETS = [
    kept_by(
        "canaries",
        "40 and more, in logs, database, broker, mails, pages, admin: 0 found",
        Tests(("tests/integration/canaries",), "", 2, exactly=(("found", 0),)),
    ),
    kept_by(
        "link-hostile",
        "every answer that is not the one: 0 token calls, 0 rows",
        Tests(("tests/integration/linking/test_callback_matrix.py",), "", 40),
    ),
]
