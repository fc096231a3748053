"""The quickstart and the how-tos are done as they stand, from an empty folder on: every block, and what a person does
between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from conferencing_app.sandbox.client import SandboxControl
from project.demo.visitor import Visitor
from tests.house.walkthrough import IN_SHELL, PARTS, Site, open_site, take_console, take_file, wait_until, walk
from tests.house.wheel import ROOT

DOCS = ROOT / "docs"
SERVE = "$ python manage.py runserver {}\n"
NO_WORKER = {"conferencing_worker": lambda site: None}
ACCOUNT = "alice.zoom@example.com"


# What the reader of the quickstart has before its first program runs is the same whichever worker follows.
SET_UP, STARTS, RUNNING = (
    (DOCS / "quickstart.md").read_text().partition("```console\n$ python manage.py conferencing_sandbox")
)


@pytest.fixture(scope="module")
def written_by_the_quickstart(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = open_site(tmp_path_factory.mktemp("quickstart"))
    walk(SET_UP, site)
    return site


@pytest.fixture(scope="module")
def written_by_the_readme(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = open_site(tmp_path_factory.mktemp("readme"))
    set_up_by_the_readme(site)
    return site


@pytest.fixture
def quickstart(written_by_the_quickstart: Site, tmp_path: Path) -> Iterator[Site]:
    site = written_by_the_quickstart.copy(tmp_path / "site")
    yield site
    site.close()


@pytest.fixture
def own_site(written_by_the_readme: Site, tmp_path: Path) -> Iterator[Site]:
    site = written_by_the_readme.copy(tmp_path / "site")
    yield site
    site.close()


@contextmanager
def person_at(site: Site) -> Iterator[Person]:
    alice = Visitor(site.address("8000"))
    yield Person(alice)
    alice.close()


@pytest.fixture
def reader(quickstart: Site) -> Iterator[Person]:
    with person_at(quickstart) as reader:
        yield reader


@pytest.fixture
def host(own_site: Site) -> Iterator[Person]:
    with person_at(own_site) as host:
        yield host


class Person:
    """What the reader does with a browser and an editor."""

    def __init__(self, alice: Visitor) -> None:
        self.alice = alice
        self.join_url = ""

    def link_the_account(self, site: Site) -> None:
        sign_in = self.alice.open("/conferencing/").form("/admin/login/")
        accounts = self.alice.submit(sign_in, username="alice", password="alice")
        consent = self.alice.submit(accounts.form("/link/zoom/"))
        assert consent.url.startswith(site.address("8010"))
        back = self.alice.submit(consent.form("/oauth/consent"), account=ACCOUNT, decision="approve")
        assert back.url == site.address("8000", "/conferencing/")
        assert "Connected" in back.text

    def see_the_link(self, site: Site) -> None:
        card = self.alice.open("/bookings/1/")
        if not any("Join" in link.text for link in card.links):
            (refresh,) = card.refresh_urls
            # Empty while nothing has changed, as htmx is told.
            wait_until(lambda: "Join the meeting" in self.alice.glance(refresh).text, lambda: "the card shows the link")
            card = self.alice.glance(refresh)
        self.join_url = card.link("Join the meeting")
        assert requests.get(self.join_url, timeout=10).status_code == 200
        assert [meeting["join_url"] for meeting in self.meetings(site)] == [self.join_url]

    def see_the_change(self, site: Site) -> None:
        wait_until(
            lambda: [meeting["topic"] for meeting in self.meetings(site)] == ["First lesson, two hours later"],
            lambda: f"the meeting has the new title: {self.meetings(site)}",
        )
        assert self.alice.open("/bookings/1/").link("Join the meeting") == self.join_url

    def see_it_gone(self, site: Site) -> None:
        wait_until(lambda: not SandboxControl(site.address("8010")).live_meetings(), lambda: "the meeting is gone")

    def see_the_layout(self, site: Site) -> None:
        page = self.alice.open("/conferencing/")
        assert page.text.startswith("My site")
        assert "Connected" in page.text
        style = self.alice.fetch("/static/site/site.css")
        assert "--conferencing-accent: #00695c" in style.text

    def meetings(self, site: Site) -> list[dict[str, object]]:
        return SandboxControl(site.address("8010")).meetings()


def steps_of(reader: Person) -> dict[str, Callable[[Site], None]]:
    return {
        "link the account": reader.link_the_account,
        "see the link": reader.see_the_link,
        "see the change": reader.see_the_change,
        "see it gone": reader.see_it_gone,
    }


def test_every_block_of_the_quickstart_is_done() -> None:
    text = (DOCS / "quickstart.md").read_text()
    languages = [part["language"] for part in PARTS.finditer(text) if part["language"]]
    assert len(languages) == text.count("```") / 2
    assert set(languages) <= {"console", "python", "html"}  # a block of text would only be read


def how_to(name: str) -> str:
    return (DOCS / "howto" / f"{name}.md").read_text()


def test_the_quickstart_leads_to_a_conference_that_follows_its_event(quickstart: Site, reader: Person) -> None:
    """And so does the page that it points to: the site's own layout."""

    def lay_out_and_serve(site: Site) -> None:
        # Before the site runs, as a development server does not notice templates that are new.
        walk(how_to("your-own-templates"), site)
        take_console(site, SERVE.format(site.ports["8000"]))

    walk(STARTS + RUNNING, quickstart, steps_of(reader), instead={SERVE.format(8000): lay_out_and_serve})
    assert reader.join_url
    reader.see_the_layout(quickstart)


CREATE_ALICE = (
    "$ DJANGO_SUPERUSER_PASSWORD=alice python manage.py createsuperuser --noinput --username alice "
    "--email alice@example.com\n"
)
OWN_BASE = "The house of {{ user.first_name|default:'Alice' }}{% block content %}{% endblock %}"
SAVE_A_BOOKING = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from bookings.models import Booking
start = timezone.now() + timedelta(days=1)
Booking.objects.create(
    host=User.objects.get(), title="Lesson", starts_at=start, ends_at=start + timedelta(minutes=45)
)
"""
READ_THE_LINK = """
from bookings.models import Booking
event = Booking.objects.get()
print(event.conferencing.state)  # assigned
print(event.conferencing.join_url)  # http…
"""


@pytest.mark.parametrize("own_base", [False, True], ids=["app-base", "own-base"])
def test_the_lines_of_the_readme_are_all_that_a_site_needs(own_site: Site, host: Person, own_base: bool) -> None:
    """They stand there without their surroundings, which every Django site has."""
    if own_base:
        append(own_site, "bookings/templates/conferencing_app/base.html", OWN_BASE)
        # The app that comes first in INSTALLED_APPS gives the template.
        append(own_site, "mysite/settings.py", 'INSTALLED_APPS.remove("conferencing_app")\n')
        append(own_site, "mysite/settings.py", 'INSTALLED_APPS.append("conferencing_app")\n')
    (sandbox,) = re.findall(r"`manage.py (conferencing_sandbox\b.*?)`", (ROOT / "README.md").read_text())
    take_console(own_site, f"$ python manage.py {sandbox}\nConferencing sandbox: {own_site.address('8010')}\n")
    take_console(own_site, SERVE.format(own_site.ports["8000"]))
    host.link_the_account(own_site)
    assert host.alice.open("/conferencing/").text.startswith("The house of Alice") == own_base
    take_file(own_site, f"{IN_SHELL}{SAVE_A_BOOKING}")
    take_console(own_site, "$ python manage.py conferencing_drain\n1 done.\n")
    take_file(own_site, f"{IN_SHELL}{READ_THE_LINK}")
    (meeting,) = SandboxControl(own_site.address("8010")).live_meetings()
    assert meeting["join_url"] in own_site.said
    assert meeting["topic"] == "Lesson"


def test_a_host_tests_its_own_site_with_the_fixtures(own_site: Site) -> None:
    """Which see the installed package, not this checkout."""
    walk(how_to("test-your-project"), own_site)
    walk(how_to("signals"), own_site)
    take_console(own_site, '$ python -c "import conferencing_app; print(conferencing_app.__file__)"\n')
    assert Path(own_site.said.strip()).is_relative_to(own_site.tools)


def set_up_by_the_readme(site: Site) -> None:
    """Its lines and nothing else, up to a migrated database with a person in it."""
    install, settings, urls, models, template = map(site.with_own_ports, readme_blocks("On your own site"))
    take_console(site, f"{install}$ django-admin startproject mysite .\n$ python manage.py startapp bookings\n")
    append(site, "mysite/settings.py", f'{settings}INSTALLED_APPS += ["bookings"]\n')
    append(site, "mysite/urls.py", f"from django.urls import include\nurlpatterns += [\n{urls}]\n")
    append(site, "bookings/models.py", f"from django.conf import settings\n{models}")
    append(site, "card.html", template)
    take_console(site, "$ python manage.py check\nSystem check identified no issues (0 silenced).\n")
    take_console(site, "$ python manage.py makemigrations bookings\n…Create model Booking\n")
    assert "conferencing" not in (site.folder / "bookings/migrations/0001_initial.py").read_text()
    take_console(site, "$ python manage.py migrate -v 0\n$ python manage.py conferencing_doctor\nAll is in order.\n")
    compiled = "from django.template import engines; engines['django'].from_string(open('card.html').read())"
    take_console(site, f'$ python manage.py shell -c "{compiled}"\n')
    take_console(site, CREATE_ALICE)


def readme_blocks(title: str) -> list[str]:
    """What stands in the blocks below this heading of the README."""
    text = (ROOT / "README.md").read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def append(site: Site, name: str, text: str) -> None:
    path = site.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


def test_a_celery_worker_does_the_same_as_the_worker_of_the_quickstart(quickstart: Site, reader: Person) -> None:
    celery = {"conferencing_worker": lambda site: walk(how_to("run-with-celery"), site)}
    walk(STARTS + RUNNING, quickstart, steps_of(reader), instead=celery)
    assert reader.join_url


def test_without_a_program_that_stays_up_cron_does_the_work(quickstart: Site, reader: Person) -> None:
    steps = steps_of(reader)
    for name in ("see the link", "see the change", "see it gone"):
        steps[name] = after_cron(steps[name])
    walk(STARTS + RUNNING, quickstart, steps, instead=NO_WORKER)
    assert reader.join_url


def after_cron(step: Callable[[Site], None]) -> Callable[[Site], None]:
    def run(site: Site) -> None:
        walk(how_to("run-without-celery"), site, instead=NO_WORKER)
        step(site)

    return run
