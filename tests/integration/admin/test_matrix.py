"""Every route of the app's admin, read from the URLconf, for every kind of visitor: who gets what, in one table."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from conferencing_app.models import Conference, ConferencingProfile, Mail, NotificationDelivery
from tests.integration.pages.rows import (
    SECRETS,
    make_call,
    make_conference,
    make_delivery,
    make_endpoint,
    make_letter,
    make_meeting,
    make_news,
    make_profile,
    make_user,
    undone,
)

pytestmark = pytest.mark.django_db

MODELS = (
    *(
        "attempt",
        "conference",
        "conferencingprofile",
        "endpoint",
        "mail",
        "meeting",
        "notification",
        "notificationdelivery",
    ),
)
ACTIONS = (
    *("try_now_conference", "test_conferencingprofile", "disconnect_conferencingprofile"),
    *("resend_notificationdelivery", "recover_endpoint", "send_relink_mail_conferencingprofile"),
)
VISITORS = ["anonymous", "other", "owner", "viewer", "staff"]
LOGIN = "/admin/login/"


class Expected(NamedTuple):
    """The status for each visitor. Nobody gets in who is not staff: to them 302 is the way to the login page."""

    anonymous: int
    other: int
    owner: int
    viewer: int
    staff: int


def inside(viewer: int, staff: int) -> Expected:
    return Expected(302, 302, 302, viewer, staff)


SEEN, FORBIDDEN, NOT_A_METHOD = inside(200, 200), inside(403, 403), inside(405, 405)
# GET and POST of each route. The rows belong to "owner"; a POST here carries an empty form.
OF_EACH_MODEL: dict[str, tuple[Expected, Expected]] = {
    "changelist": (SEEN, SEEN),
    "change": (SEEN, FORBIDDEN),
    "history": (SEEN, SEEN),
    "add": (FORBIDDEN, FORBIDDEN),
    "delete": (FORBIDDEN, FORBIDDEN),
}
EXPECTED = {
    **{f"{model}_{page}": row for model in MODELS for page, row in OF_EACH_MODEL.items()},
    "conference_overview": (SEEN, NOT_A_METHOD),
    "conference_try_now": (NOT_A_METHOD, inside(403, 302)),
    "conferencingprofile_test": (NOT_A_METHOD, inside(403, 302)),
    # Without the word of confirmation a POST asks again.
    "conferencingprofile_disconnect": (inside(403, 200), inside(403, 200)),
    "conferencingprofile_send_relink_mail": (NOT_A_METHOD, inside(403, 302)),
    "notificationdelivery_resend": (NOT_A_METHOD, inside(403, 302)),
    "endpoint_recover": (inside(403, 200), inside(403, 200)),
}
ACTING = [
    *("conference_try_now", "conferencingprofile_test", "conferencingprofile_disconnect"),
    *("notificationdelivery_resend", "endpoint_recover", "conferencingprofile_send_relink_mail"),
]


class World(NamedTuple):
    users: dict[str, Any]
    keys: dict[str, int]
    private: list[str]


def admin_patterns() -> dict[str, URLPattern]:
    found: dict[str, URLPattern] = {}

    def walk(resolver: URLResolver) -> None:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                walk(entry)
            elif (entry.name or "").startswith("conferencing_app_"):
                found[str(entry.name).removeprefix("conferencing_app_")] = entry

    walk(get_resolver())
    return found


@pytest.fixture
def world(conferencing_sandbox: Any) -> World:
    view = tuple(f"view_{model}" for model in MODELS)
    users = {
        "other": make_user("other"),
        "owner": make_user("owner"),
        "viewer": make_user("viewer", view, is_staff=True),
        "staff": make_user("staff", (*view, *ACTIONS), is_staff=True),
    }
    profile = make_profile(users["owner"], name="Owner's account")
    conference = make_conference(users["owner"], state="failing", cause_code="outage", lane=profile)
    meeting = make_meeting(conference, profile)
    call = make_call(profile, conference, meeting=meeting)
    told, endpoint = make_news(conference), make_endpoint(users["owner"])
    delivery = make_delivery(told, endpoint)
    keys = {"attempt": call.pk, "conference": conference.pk, "conferencingprofile": profile.pk, "meeting": meeting.pk}
    keys |= {"notification": told.pk, "endpoint": endpoint.pk, "notificationdelivery": delivery.pk}
    keys |= {"mail": make_letter(users["owner"]).pk}
    private = [profile.account_label, profile.public_id, conference.public_id, meeting.meeting_id, call.request_id]
    private += [endpoint.public_id, told.public_id]
    return World(users, keys, private)


def address(world: World, name: str) -> str:
    pattern = str(admin_patterns()[name].pattern)
    arguments = [world.keys[name.partition("_")[0]]] if "<" in pattern else []
    return reverse(f"admin:conferencing_app_{name}", args=arguments)


def client_of(world: World, visitor: str, **options: Any) -> Client:
    client = Client(**options)
    if visitor != "anonymous":
        client.force_login(world.users[visitor])
    return client


def test_every_route_has_a_row() -> None:
    """A new route fails here until the table says who may see it."""
    assert set(admin_patterns()) == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_everyone_gets_what_the_table_says(world: World, name: str, subtests: pytest.Subtests) -> None:
    url = address(world, name)
    for method, visitor in product(("GET", "POST"), VISITORS):
        with subtests.test(method=method, visitor=visitor), undone():
            response = client_of(world, visitor).generic(method, url, content_type="application/x-www-form-urlencoded")
            expected = getattr(EXPECTED[name][method == "POST"], visitor)
            assert response.status_code == expected, response.headers
            if expected == 302:
                to_login = response.headers["Location"].startswith(LOGIN)
                assert to_login is (visitor not in ("viewer", "staff"))
            body = response.content.decode()
            assert not [secret for secret in SECRETS if secret in body]
            if expected != 200:
                assert not [text for text in world.private if text in body]


@pytest.mark.parametrize("visitor", [visitor for visitor in VISITORS if visitor != "staff"])
def test_nobody_without_the_permission_changes_anything(world: World, visitor: str) -> None:
    client = client_of(world, visitor)
    changed = (Conference, ConferencingProfile, Mail, NotificationDelivery)
    before = [list(model.objects.values()) for model in changed]
    for name in ACTING:
        client.post(address(world, name), {"confirmed": "yes", "since": "2020-01-01T00:00"})
    assert [list(model.objects.values()) for model in changed] == before
    assert not LogEntry.objects.exists()


def test_a_post_without_csrf_token_is_refused(world: World, subtests: pytest.Subtests) -> None:
    client = client_of(world, "staff", enforce_csrf_checks=True)
    for name in [name for name, rows in EXPECTED.items() if rows[1] is not NOT_A_METHOD]:
        with subtests.test(name=name), undone():
            response = client.post(address(world, name), {"confirmed": "yes"})
            assert response.status_code == 403
            assert b"CSRF" in response.content


def test_what_is_not_there_can_not_be_acted_on(world: World, subtests: pytest.Subtests) -> None:
    client = client_of(world, "staff")
    for name in ACTING:
        with subtests.test(name=name), undone():
            url = reverse(f"admin:conferencing_app_{name}", args=[999_999])
            assert client.post(url).status_code == 404


def test_no_page_is_stored(world: World, subtests: pytest.Subtests) -> None:
    client = client_of(world, "staff")
    for name in sorted(EXPECTED):
        with subtests.test(name=name), undone():
            response = client.get(address(world, name))
            if response.status_code == 200:
                assert "no-store" in response.headers["Cache-Control"]
