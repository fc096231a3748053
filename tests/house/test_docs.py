"""The documentation says what the code has: no name is missing, none is made up, and every link leads somewhere."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand
from django.template.library import import_library

from conferencing_app import ConferencingField, causes, conf, signals
from conferencing_app.models import Conference, ConferencingProfile, Meeting, Notification, NotificationDelivery
from conferencing_app.notifications import telling
from conferencing_app.notifications.catalogue import ABOUT_PROFILES, SIGNALS
from conferencing_app.provisioning import pruning
from conferencing_app.views.failures import FAILURES

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
CODE_BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CHECK_ID = re.compile(r"\b[EW]\d{3}\b")


def section(page: str, title: str) -> str:
    """The text below a heading, up to the next of its rank."""
    text = (REFERENCE / page).read_text()
    found = re.search(rf"^(#+) {re.escape(title)}$", text, re.MULTILINE)
    assert found is not None, f"{page} has no section {title}"
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of the tables, without the heads; the first is a word of code."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def names(text: str) -> list[str]:
    return [cells[0].strip("| ").strip("`") for cells in rows(text)]


def test_each_setting_stands_there_with_its_default() -> None:
    told = {
        cells[0].strip("`"): cells[1].strip("`")
        for title in ("What a site sets", "Time and amount")
        for cells in rows(section("settings.md", title))
    }
    defaults = {name: repr(vars(conf.Settings)[name.removeprefix(conf.PREFIX)]) for name in conf.known_names()}
    assert {name: default.replace('"', "'") for name, default in told.items()} == defaults


def test_each_table_whose_retention_can_be_chosen_stands_there() -> None:
    told = [name for name, _, chosen in rows(section("settings.md", "Retention")) if chosen == "yes"]
    assert [name.strip("`") for name in told] == list(pruning.OLD)


def test_each_check_stands_there() -> None:
    package = ROOT / "conferencing_app"
    sources = [*(package / "checks").glob("*.py"), package / "registration" / "paths.py"]
    found = {f"conferencing.{number}" for path in sources for number in CHECK_ID.findall(path.read_text())}
    told = names(section("settings.md", "Checks"))
    assert sorted(told) == sorted(found)


def test_each_finding_of_the_doctor_stands_there() -> None:
    source = "".join(path.read_text() for path in (ROOT / "conferencing_app" / "doctor").glob("*.py"))
    told = [name for name in names(section("commands.md", "conferencing_doctor")) if not name.startswith("--")]
    assert sorted(told) == sorted(set(re.findall(r"conferencing\.D\d{3}", source)))


def test_each_cause_stands_there_in_its_own_words() -> None:
    told = [[cell.strip("`| ") for cell in cells] for cells in rows(section("causes.md", "The table"))]
    assert told == [
        [cause.code, str(cause.sentence), cause.actor.value, cause.retry.value, cause.action.value]
        for cause in causes.CAUSES.values()
    ]


def test_each_cause_is_explained() -> None:
    assert names(section("causes.md", "What each one means")) == list(causes.CAUSES)


@pytest.mark.parametrize(
    ("title", "states"),
    [
        ("States of a conference", Conference.State),
        ("States of an account", ConferencingProfile.State),
        ("States of a meeting", Meeting.State),
        ("States of a delivery", NotificationDelivery.State),
    ],
)
def test_each_state_stands_there(title: str, states: type) -> None:
    assert names(section("states.md", title)) == states.values  # type: ignore[attr-defined]  # of Django's choices


def test_each_way_in_which_linking_fails_stands_there() -> None:
    told = {cells[0].strip("`"): cells[1].strip("| ") for cells in rows(section("states.md", "When linking fails"))}
    assert told == {code: str(failure.title) % {"provider": "Zoom"} for code, failure in FAILURES.items()}


def our_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app == "conferencing_app")


def test_each_command_stands_there() -> None:
    titles = re.findall(r"^## (\w+)$", (REFERENCE / "commands.md").read_text(), re.MULTILINE)
    assert sorted(titles) == our_commands()


@pytest.mark.parametrize("name", our_commands())
def test_each_option_of_a_command_stands_there(name: str) -> None:
    parser = load_command_class("conferencing_app", name).create_parser("manage.py", name)
    everywhere = {action.dest for action in BaseCommand().create_parser("manage.py", name)._actions}
    options = {
        action.option_strings[-1] if action.option_strings else f"{action.metavar} …"
        for action in parser._actions
        if action.dest not in everywhere
    }
    told = {name for name in names(section("commands.md", name)) if not name.startswith("conferencing.")}
    assert told == options


def test_each_template_tag_stands_there() -> None:
    library = import_library("conferencing_app.templatetags.conferencing")
    titles = re.findall(r"^## `\{% (\w+) ", (REFERENCE / "template-tags.md").read_text(), re.MULTILINE)
    assert sorted(titles) == sorted([*library.tags, *library.filters])


@pytest.mark.parametrize(
    ("title", "types"),
    [("About an event", SIGNALS.keys() - ABOUT_PROFILES), ("About an account", ABOUT_PROFILES)],
)
@pytest.mark.django_db
def test_each_signal_stands_there_with_its_arguments(title: str, types: set[str]) -> None:
    data = {"event": {"model": "hosts.lesson", "key": "1"}, "conferencing": {"pending": True}}
    (arguments,) = {tuple(telling.arguments_of(Notification(type=type, data=data))) for type in types}
    assert sorted(names(section("signals.md", title))) == sorted([*types, *arguments])


def test_each_type_of_notification_has_the_signal_of_its_name() -> None:
    ours = {name: value for name, value in vars(signals).items() if isinstance(value, signals.NotificationSignal)}
    assert ours == SIGNALS


def test_each_argument_of_the_field_stands_there() -> None:
    arguments = [name for name in inspect.signature(ConferencingField.__init__).parameters if name != "self"]
    assert sorted(names(section("field.md", "Arguments"))) == sorted(arguments)


def test_each_template_that_a_site_may_replace_stands_there() -> None:
    text = (ROOT / "docs" / "howto" / "your-own-templates.md").read_text()
    pages = (ROOT / "conferencing_app" / "templates" / "conferencing_app").glob("*.html")
    told = [name for name in names(text) if name.endswith(".html") and name.startswith("conferencing_app/")]
    assert sorted(name for name in told if name.count("/") == 1) == sorted(f"conferencing_app/{p.name}" for p in pages)


def test_each_mail_stands_there() -> None:
    templates = (ROOT / "conferencing_app" / "templates" / "conferencing_app" / "mail").glob("*_subject.txt")
    assert sorted(names((REFERENCE / "mails.md").read_text())) == sorted(
        path.name.removesuffix("_subject.txt") for path in templates
    )


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings can be reached by, as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", sorted(set(PAGES)), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_relative_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.findall(CODE_BLOCK.sub("", page.read_text())):
        if re.match(r"\w+:", link):
            continue
        name, _, fragment = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        links = LINK.findall(CODE_BLOCK.sub("", page.read_text()))
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links if not re.match(r"\w+:|#", link)]
        waiting += [
            target for target in targets if target.suffix == ".md" and target.exists() and target not in reached
        ]
    assert {page for page in PAGES if "docs" in page.relative_to(ROOT).parts} <= reached
