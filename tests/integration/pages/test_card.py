"""The conference card: what each audience sees in each state, and the address from which it refreshes itself."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.db.models import prefetch_related_objects
from django.template import Context, Template
from django.template.exceptions import TemplateSyntaxError
from django.test import Client, RequestFactory
from django.test.utils import isolate_apps
from django.urls import reverse

from conferencing_app import clock
from conferencing_app.models import Conference
from conferencing_app.services.card import SALT, first_card, read_ticket
from tests.hosts.models import Lesson
from tests.integration.pages.rows import SECRETS, make_conference, make_meeting, make_profile, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
JOIN_URL = "https://zoom.example/j/900?pwd=abc"


def render(event: Any, user: Any, path: str = "/lessons/1/") -> str:
    request = RequestFactory().get(path)
    request.user = user
    return Template("{% load conferencing %}{% conference event %}").render(
        Context({"request": request, "event": event})
    )


def refresh_url(html: str) -> str:
    found = re.search(r'hx-get="([^"]+)"', html)
    assert found, html
    return found[1].replace("&amp;", "&")


def client_of(user: Any) -> Client:
    client = Client()
    if user.is_authenticated:
        client.force_login(user)
    return client


@pytest.fixture
def owner() -> Any:
    return make_user("owner")


@pytest.fixture
def visitors(owner: Any) -> dict[str, Any]:
    return {
        "owner": owner,
        "other": make_user("other"),
        "anonymous": AnonymousUser(),
        "idle staff": make_user("idle", is_staff=True),
        "staff": make_user("staff", ("view_conference", "try_now_conference"), is_staff=True),
        "viewer": make_user("viewer", ("view_conference",), is_staff=True),
    }


FAILING = {"state": "failing", "cause_code": "outage"}
DELETED = {"state": "failing", "cause_code": "deleted_by_host"}
UNLINKED = {"state": "failing", "cause_code": "nothing_linked"}
OUTDATED = {"state": "assigned", "provider": "zoom", "join_url": JOIN_URL, "cause_code": "outage"}
CANCELLED = {"state": "not_made", "cause_code": "cancelled"}
DETAILED = ["owner", "staff", "viewer"]
GUESTS = ["other", "anonymous", "idle staff"]


@pytest.mark.parametrize(
    ("values", "audience", "shown", "hidden"),
    [
        ({"state": "pending"}, DETAILED + GUESTS, ["is being made", "Check again"], ["Join"]),
        (FAILING, DETAILED, ["does not answer properly", "Reference"], ["will follow here"]),
        (FAILING, GUESTS, ["The link will follow here."], ["answer", "Reference", "cnf_", "Try now", "Link an"]),
        (FAILING, ["owner", "staff"], ["Try now"], []),
        (FAILING, ["viewer"], [], ["Try now"]),
        (UNLINKED, ["owner"], ["Link an account"], ["Try now"]),
        (DELETED, ["owner"], ["deleted at", "Make it again"], ["Try now"]),
        (DELETED, GUESTS, ["The link will follow here."], ["deleted", "Make it again"]),
        (UNLINKED, ["staff", "viewer"], ["No conferencing account is linked"], ["Link an account"]),
        (UNLINKED, GUESTS, ["The link will follow here."], ["linked"]),
        (OUTDATED, DETAILED, ["Join the meeting", "has not reached the meeting yet"], []),
        (OUTDATED, GUESTS, ["Join the meeting"], ["has not reached", "answer"]),
        (CANCELLED, DETAILED, ["There is no conference", "is cancelled"], ["Check again"]),
        (CANCELLED, GUESTS, ["There is no conference"], ["is cancelled"]),
    ],
)
def test_each_audience_sees_what_is_meant_for_it(
    owner: Any,
    visitors: dict[str, Any],
    values: dict[str, str],
    audience: list[str],
    shown: list[str],
    hidden: list[str],
) -> None:
    conference = make_conference(owner, **values)
    for name in audience:
        html = render(conference, visitors[name])
        assert [text for text in shown if text not in html] == [], name
        visible = re.sub(r"<[^>]+>", "", html)  # the signed address in an attribute is not read by people
        assert [text for text in hidden if text in visible] == [], name
        assert not [secret for secret in SECRETS if secret in html]


@isolate_apps("tests.hosts")
def test_a_user_model_that_knows_no_staff_will_do(owner: Any) -> None:
    class Person(AbstractBaseUser):
        class Meta:
            app_label = "hosts"

    conference = make_conference(owner, **FAILING)
    assert "does not answer properly" in render(conference, Person(pk=owner.pk))
    assert "The link will follow here." in render(conference, Person(pk=owner.pk + 1))


def test_the_assigned_card_has_all_that_one_needs_to_join(owner: Any) -> None:
    profile = make_profile(owner)
    numbers = [{"number": "+1 646 558 8656", "country": "US", "label": "New York", "toll_free": True}]
    conference = make_conference(
        owner, state="assigned", provider="zoom", join_url=JOIN_URL, passcode="4<8", dial_in=numbers, lane=profile
    )
    make_meeting(conference, profile)
    html = render(conference, AnonymousUser())
    assert 'href="https://zoom.example/j/900?pwd=abc"' in html
    assert "4&lt;8" in html
    assert 'href="tel:+16465588656"' in html
    assert "New York" in html
    assert "toll-free" in html
    assert "hx-get" not in html
    assert "host-secret" not in html


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//evil"]
)
def test_an_address_that_is_no_link_is_only_shown(owner: Any, url: str) -> None:
    html = render(make_conference(owner, state="assigned", join_url=url), owner)
    assert "Join the meeting" not in html
    assert f'href="{url}' not in html


def test_an_event_is_rendered_through_its_field(owner: Any) -> None:
    lesson = Lesson.objects.create(owner=owner, title="Piano", starts_at=clock.read("default") + timedelta(days=1))
    assert 'data-state="pending"' in render(lesson, owner)


def test_an_event_without_conference_renders_nothing(owner: Any) -> None:
    assert render(Lesson(owner=owner, title="Unsaved"), owner).strip() == ""


def test_what_is_no_event_is_named(owner: Any) -> None:
    with pytest.raises(TemplateSyntaxError, match="ConferencingField, not User"):
        render(owner, owner)


@pytest.mark.parametrize("name", ["owner", "other", "anonymous"])
@pytest.mark.parametrize("cause", ["outage", "credentials_expired", ""])
def test_a_prefetched_list_costs_no_query_for_each_card(
    owner: Any, visitors: dict[str, Any], django_assert_num_queries: Any, name: str, cause: str
) -> None:
    for number in range(3):
        Lesson.objects.create(owner=owner, title=f"Lesson {number}")
    profile = make_profile(owner)
    Conference.objects.update(state="failing" if cause else "pending", cause_code=cause, lane=profile)
    lessons = list(Lesson.objects.all())
    prefetch_related_objects(lessons, "conferencing")
    user = visitors[name]
    # Only the owner's card, which tells which account to link again, looks at the account: one query each.
    expected = len(lessons) if cause and name == "owner" else 0
    with django_assert_num_queries(expected):
        for lesson in lessons:
            assert "conferencing-card" in render(lesson, user)


def test_polling_says_nothing_until_something_changes(owner: Any) -> None:
    conference = make_conference(owner, state="pending")
    url = refresh_url(render(conference, owner))
    client = client_of(owner)
    response = client.get(url, headers=HTMX)
    assert (response.status_code, response.content) == (204, b"")
    Conference.objects.update(state="assigned", provider="zoom", join_url=JOIN_URL)
    response = client.get(url, headers=HTMX)
    assert response.status_code == 200
    assert b"Join the meeting" in response.content
    assert b"hx-get" not in response.content
    assert b"<html" not in response.content


@pytest.mark.parametrize(
    ("values", "guest", "trigger"),
    [
        ({"state": "pending"}, True, "every 2s"),
        ({"state": "failing", "cause_code": "outage", "attempts": 1}, False, "every 15s"),
        ({"state": "failing", "cause_code": "outage", "attempts": 1}, True, "every 15s"),
        ({"state": "failing", "cause_code": "outage", "attempts": 0}, False, "every 2s"),
        ({"state": "failing", "cause_code": "refused", "attempts": 0}, False, "every 2s"),
        ({"state": "failing", "cause_code": "nothing_linked", "attempts": 0}, False, "every 3s"),
        ({"state": "failing", "cause_code": "nothing_linked", "attempts": 0}, True, "every 15s"),
        ({"state": "assigned", "cause_code": "outage", "attempts": 1}, False, "every 15s"),
        ({"state": "assigned", "cause_code": "outage", "attempts": 1}, True, ""),
        ({"state": "assigned"}, False, ""),
        ({"state": "not_made", "cause_code": "cancelled", "attempts": 0}, False, ""),
    ],
)
def test_a_waiting_card_looks_again_by_itself_and_a_settled_one_does_not(
    owner: Any, values: dict[str, Any], guest: bool, trigger: str
) -> None:
    conference = make_conference(owner, due_at=clock.read("default"), **values)
    html = render(conference, AnonymousUser() if guest else owner)
    assert re.findall('hx-trigger="([^"]+)"', html) == ([trigger] if trigger else [])
    assert html.count('role="status"') == 1


def test_without_script_the_address_is_a_page_with_a_way_back(owner: Any) -> None:
    conference = make_conference(owner, state="assigned", provider="zoom", join_url=JOIN_URL)
    token = first_card(conference, owner, "/lessons/7/?page=2").token
    response = client_of(owner).get(reverse("conferencing:card", args=[token]))
    html = response.content.decode()
    assert "<!DOCTYPE html>" in html
    assert "Join the meeting" in html
    assert 'href="/lessons/7/?page=2"' in html


@pytest.mark.parametrize("renderer", ["owner", "staff", "anonymous"])
@pytest.mark.parametrize("reader", ["owner", "staff", "viewer", "other", "anonymous"])
def test_the_address_shows_no_more_than_the_page_and_less_to_anybody_else(
    owner: Any, visitors: dict[str, Any], renderer: str, reader: str
) -> None:
    conference = make_conference(owner, **FAILING)
    url = refresh_url(render(conference, visitors[renderer])).partition("?")[0]
    response = client_of(visitors[reader]).get(url, headers=HTMX)
    in_full = renderer == reader and renderer != "anonymous"
    assert (b"does not answer" in response.content) == in_full
    assert (b"Reference" in response.content) == in_full
    assert (b"The link will follow here." in response.content) != in_full


def test_who_is_no_longer_the_owner_becomes_a_guest(owner: Any) -> None:
    conference = make_conference(owner, **FAILING)
    url = refresh_url(render(conference, owner)).partition("?")[0]
    Conference.objects.update(owner=make_user("new owner"))
    assert b"The link will follow here." in client_of(owner).get(url, headers=HTMX).content


def test_staff_who_lost_their_permission_become_guests(owner: Any, visitors: dict[str, Any]) -> None:
    conference = make_conference(owner, **FAILING)
    url = refresh_url(render(conference, visitors["staff"])).partition("?")[0]
    visitors["staff"].user_permissions.clear()
    assert b"The link will follow here." in client_of(visitors["staff"]).get(url, headers=HTMX).content


def test_the_address_expires(owner: Any, settings: Any) -> None:
    conference = make_conference(owner, state="pending")
    url = refresh_url(render(conference, owner))
    settings.CONFERENCING_CARD_SECONDS = -1
    response = client_of(owner).get(url, headers=HTMX)
    assert response.status_code == 200  # htmx would not show anything else
    assert b"Please reload the page" in response.content
    assert b"hx-get" not in response.content
    page = client_of(owner).get(url)
    assert page.status_code == 410
    assert b"no longer valid" in page.content


def test_refreshing_does_not_prolong_the_address(owner: Any) -> None:
    conference = make_conference(owner, state="pending")
    url = refresh_url(render(conference, owner)).partition("?")[0]
    again = client_of(owner).get(url, headers=HTMX).content.decode()
    assert refresh_url(again).partition("?")[0] == url


def test_an_address_whose_conference_is_gone_asks_to_reload(owner: Any) -> None:
    conference = make_conference(owner, state="pending")
    url = refresh_url(render(conference, owner))
    conference.delete()
    assert b"Please reload the page" in client_of(owner).get(url, headers=HTMX).content


def test_no_address_can_be_made_up(owner: Any) -> None:
    conference = make_conference(owner, **FAILING)
    token = first_card(conference, AnonymousUser(), "").token
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "x" + token,
        signing.dumps([conference.public_id, str(owner.pk), True, ""], salt="another"),
        conference.public_id,
    ]
    for value in forged:
        assert client_of(owner).get(reverse("conferencing:card", args=[value])).status_code == 404


def test_a_long_address_of_the_page_is_not_carried_along(owner: Any) -> None:
    conference = make_conference(owner, state="pending")
    assert read_ticket(first_card(conference, owner, "/" + "x" * 600).token).page == ""
    assert len(reverse("conferencing:card", args=[first_card(conference, owner, "/" + "x" * 499).token])) < 1500


# Try now -------------------------------------------------------------------------------------------------------------


def retry(client: Client, conference: Conference, token: str = "", **kwargs: Any) -> Any:
    return client.post(reverse("conferencing:conference_retry", args=[conference.public_id]), {"card": token}, **kwargs)


def is_due(conference: Conference) -> bool:
    return Conference.objects.due().filter(pk=conference.pk).exists()


def test_try_now_makes_the_conference_due_as_if_never_tried(owner: Any) -> None:
    later = clock.read("default") + timedelta(hours=1)
    conference = make_conference(owner, **FAILING, due_at=later, attempts=7)
    response = retry(client_of(owner), conference, first_card(conference, owner, "/lessons/1/").token)
    assert (response.status_code, response.headers["Location"]) == (303, "/lessons/1/")
    conference.refresh_from_db()
    assert is_due(conference)
    assert conference.attempts == 0
    html = client_of(owner).get("/conferencing/card/" + first_card(conference, owner, "").token + "/").content.decode()
    assert "It is being tried now." in html
    assert "Next try" not in html


@pytest.mark.parametrize(("who", "recorded"), [("owner", []), ("staff", [("staff", "Had it tried now.")])])
def test_who_of_the_staff_had_it_tried_is_recorded(owner: Any, visitors: Any, who: str, recorded: list[Any]) -> None:
    conference = make_conference(owner, **FAILING)
    assert retry(client_of(visitors[who]), conference).status_code == 303
    seen = LogEntry.objects.filter(object_id=str(conference.pk))
    assert list(seen.values_list("user__username", "change_message")) == recorded


@pytest.mark.parametrize("cause", ["rate_limited", "daily_cap", "nothing_linked", "credentials_expired", "no_time", ""])
def test_try_now_breaks_no_pause_and_wakes_nothing_that_waits_for_a_person(owner: Any, cause: str) -> None:
    later = clock.read("default") + timedelta(hours=1)
    conference = make_conference(owner, state="failing", cause_code=cause, due_at=later)
    assert retry(client_of(owner), conference).status_code == 303
    assert not is_due(conference)


def test_make_it_again_takes_back_that_it_was_given_up(owner: Any) -> None:
    conference = make_conference(owner, **DELETED, host_deletions=2)
    assert retry(client_of(owner), conference).status_code == 303
    conference.refresh_from_db()
    assert (is_due(conference), conference.host_deletions) == (True, 0)


def test_try_now_answers_htmx_with_the_card(owner: Any) -> None:
    conference = make_conference(owner, **FAILING)
    response = retry(client_of(owner), conference, first_card(conference, owner, "/x/").token, headers=HTMX)
    assert response.status_code == 200
    assert b"<html" not in response.content
    assert b"does not answer" in response.content


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_try_now_leads_to_no_other_site(owner: Any, page: str) -> None:
    conference = make_conference(owner, **FAILING)
    token = signing.dumps([conference.public_id, str(owner.pk), True, page], salt=SALT)
    assert retry(client_of(owner), conference, token).headers["Location"] == reverse("conferencing:profiles")


def test_who_sees_causes_is_led_to_the_history_and_back(owner: Any, visitors: dict[str, Any]) -> None:
    conference = make_conference(owner, state="failing", cause_code="outage")
    history = reverse("conferencing:conference", args=[conference.public_id])
    led = {name for name, user in visitors.items() if first_card(conference, user, "/lessons/1/").history_url}
    assert led == set(DETAILED)
    assert first_card(conference, owner, "/lessons/1/").history_url == f"{history}?next=%2Flessons%2F1%2F"
    assert first_card(conference, owner, history).history_url == ""
