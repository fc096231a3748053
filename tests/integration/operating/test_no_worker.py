"""What is due for long while no worker is seen: staff are told, and whoever develops the site sees what to type."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import Celery, current_app
from celery._state import _set_current_app
from django.test import Client

from conferencing_app import clock
from conferencing_app.models import Conference, Worker
from conferencing_app.services import workers
from conferencing_app.services.card import Card, first_card
from conferencing_app.services.explain import explain, explain_to_staff
from conferencing_app.services.workers import Program
from tests.integration.pages.rows import make_conference, make_user

pytestmark = pytest.mark.django_db
SENTENCE = "No worker of this site is running"
OVERVIEW = "/admin/conferencing_app/conference/overview/"


@pytest.fixture(autouse=True)
def a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_next_beat", {})
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)


@pytest.fixture
def late() -> Conference:
    due = clock.now(timedelta(seconds=-30))
    make_conference(make_user("owner"), state="pending", due_at=due)
    return Conference.objects.get()


def card_for(conference: Conference, user: Any) -> Card:
    return first_card(conference, user, "/page/")


def staff() -> Any:
    return make_user("staff", ("view_conference",), is_staff=True)


def test_staff_are_told_and_can_not_try_it(late: Conference) -> None:
    told = card_for(late, staff()).explanation
    assert told is not None
    assert (told.code, told.actor, told.can_try_now, told.trying_now, told.next_try) == (
        "no_worker",
        "admin",
        False,
        False,
        None,
    )
    assert told.sentence.startswith(SENTENCE)
    assert told.command == ""
    assert card_for(late, late.owner).explanation is None, "its owner can't change it"


def test_whoever_develops_the_site_sees_what_to_type(late: Conference, settings: Any, client: Client) -> None:
    settings.DEBUG = True
    assert late.owner is not None
    client.force_login(late.owner)
    page = client.get(f"/conferencing/conferences/{late.public_id}/").content.decode()
    assert SENTENCE in page
    assert f"<code>{workers.command_to_type()}</code>" in page
    assert "being made" not in page


@pytest.mark.parametrize(
    ("broker", "command"),
    [("", "python manage.py conferencing_worker"), ("memory://", "celery -A mysite worker")],
)
def test_the_command_is_celerys_where_there_is_a_broker(settings: Any, broker: str, command: str) -> None:
    settings.DEBUG = True
    former = current_app._get_current_object()
    Celery("mysite", broker=broker, set_as_current=True)
    try:
        assert workers.command_to_type() == command
    finally:
        _set_current_app(former)


def test_once_a_worker_is_seen_nobody_is_told(late: Conference) -> None:
    user = staff()
    before = card_for(late, user)
    workers.beat(Program.CELERY)
    after = card_for(late, user)
    assert after.explanation is None
    assert after.fingerprint != before.fingerprint, "a card that is open changes by itself"
    Worker.objects.update(expected_until=clock.now(timedelta(seconds=-1)))
    assert card_for(late, user).explanation is not None


@pytest.mark.parametrize("due", [None, -5, 3600])
def test_what_is_not_due_for_long_asks_nothing(due: int | None, django_assert_num_queries: Any) -> None:
    make_conference(make_user("owner"), state="pending", due_at=due and clock.now(timedelta(seconds=due)))
    conference = Conference.objects.get()
    with django_assert_num_queries(0):
        assert explain_to_staff(conference) is None


def test_it_hides_the_cause_that_would_be_tried_again(late: Conference) -> None:
    Conference.objects.update(state="failing", cause_code="outage", attempts=3)
    late.refresh_from_db()
    assert [told.code for told in (explain(late), explain_to_staff(late)) if told] == ["outage", "no_worker"]


def test_the_admin_says_so(late: Conference, client: Client) -> None:
    client.force_login(staff())
    address = f"/admin/conferencing_app/conference/{late.pk}/change/"
    assert f"{SENTENCE}" in client.get(address).content.decode()
    assert SENTENCE in client.get(OVERVIEW).content.decode()
    workers.beat(Program.WORKER)
    assert SENTENCE not in client.get(address).content.decode()
    overview = client.get(OVERVIEW).content.decode()
    assert SENTENCE not in overview
    assert "(conferencing_worker), last seen at" in overview
