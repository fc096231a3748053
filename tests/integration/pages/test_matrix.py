"""Every route of the pages, read from the URLconf, for every kind of visitor: who gets what, in one table."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from conferencing_app.models import LinkRequest
from conferencing_app.services.card import first_card
from conferencing_app.views import mirror
from conferencing_app.views.browsers import COOKIE_NAME
from tests.integration.pages.rows import (
    LINKING_BROWSER,
    SECRETS,
    make_attempt,
    make_conference,
    make_link,
    make_meeting,
    make_profile,
    make_relink_mail,
    make_user,
    undone,
)

pytestmark = pytest.mark.django_db

FORMS_REFERRER_POLICY = "no-referrer, same-origin"
VISITORS = ["anonymous", "other", "owner", "viewer", "staff"]


class Expected(NamedTuple):
    """The status for each visitor; 302 is the way to the login page."""

    anonymous: int
    other: int
    owner: int
    viewer: int
    staff: int


LOGIN_ONLY = Expected(302, 405, 405, 405, 405)
# The signature alone counts, whoever is signed in; these have none.
SIGNED_ONLY = Expected(401, 401, 401, 401, 401)
NOT_A_METHOD = Expected(405, 405, 405, 405, 405)
ONLY_MINE = Expected(302, 404, 200, 404, 404)

# GET and POST of each route. The rows belong to "owner"; a POST here carries an empty form.
EXPECTED: dict[str, tuple[Expected, Expected]] = {
    "profiles": (Expected(302, 200, 200, 200, 200), LOGIN_ONLY),
    "link": (LOGIN_ONLY, Expected(302, 303, 303, 303, 303)),
    # Anonymous: the page that loads itself again for the sake of SameSite=Strict; else: no state, so nothing happens.
    "callback": (Expected(200, 400, 400, 400, 400), NOT_A_METHOD),
    "inbound": (NOT_A_METHOD, SIGNED_ONLY),
    "move": (ONLY_MINE, Expected(302, 404, 303, 404, 404)),
    "another": (ONLY_MINE, Expected(302, 404, 303, 404, 404)),
    # The link and the mail were made for "owner"; who is signed in as nobody else goes on at once.
    "link_request": (Expected(200, 200, 303, 200, 200), NOT_A_METHOD),
    "link_request_mail": (NOT_A_METHOD, Expected(303, 303, 303, 303, 303)),
    "link_request_code": (NOT_A_METHOD, Expected(400, 400, 400, 400, 400)),
    "verify": (Expected(200, 200, 200, 200, 200), Expected(303, 303, 303, 303, 303)),
    "requested": (Expected(403, 403, 200, 403, 403), NOT_A_METHOD),
    "requested_link": (NOT_A_METHOD, Expected(403, 403, 303, 403, 403)),
    "requested_decline": (NOT_A_METHOD, Expected(403, 403, 303, 403, 403)),
    # Whoever is not the owner is asked who they are, and may have the owner asked by mail; the account is connected.
    "relink": (Expected(200, 200, 200, 200, 200), NOT_A_METHOD),
    "relink_mail": (NOT_A_METHOD, Expected(303, 303, 303, 303, 303)),
    "relink_by_mail": (Expected(200, 200, 200, 200, 200), Expected(303, 303, 303, 303, 303)),
    "rename": (ONLY_MINE, Expected(302, 404, 303, 404, 404)),
    "set_default": (LOGIN_ONLY, Expected(302, 404, 303, 404, 404)),
    "test": (LOGIN_ONLY, Expected(302, 404, 303, 404, 404)),
    "unlink": (ONLY_MINE, Expected(302, 404, 400, 404, 404)),
    # The address is signed for the doctor, and tells each who holds it how they came.
    "mirror": (Expected(200, 200, 200, 200, 200), NOT_A_METHOD),
    # The address is signed for the owner's page: whoever else holds it is a guest.
    "card": (Expected(200, 200, 200, 200, 200), NOT_A_METHOD),
    # Whoever may view conferences may see it; only the owner chooses, and an empty form names no account.
    "conference": (Expected(302, 404, 200, 200, 200), LOGIN_ONLY),
    "conference_choose": (LOGIN_ONLY, Expected(302, 404, 404, 403, 403)),
    "conference_retry": (LOGIN_ONLY, Expected(302, 404, 303, 403, 303)),
}
# What these show to staff is about somebody else.
FOR_STAFF = frozenset({"conference"})


class World(NamedTuple):
    users: dict[str, Any]
    arguments: dict[str, list[str]]
    private: list[str]


def page_patterns() -> dict[str, URLPattern]:
    found: dict[str, URLPattern] = {}

    def walk(resolver: URLResolver, namespace: str) -> None:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                walk(entry, entry.namespace or namespace)
            elif namespace == "conferencing":
                found[entry.name or str(entry.pattern)] = entry

    walk(get_resolver(), "")
    return found


@pytest.fixture
def world(conferencing_sandbox: Any) -> World:
    """The owner has two accounts, a claimed one to move, a conference in trouble and a meeting; the others nothing."""
    view = ("view_conference", "view_conferencingprofile", "view_meeting")
    users = {
        "other": make_user("other"),
        "owner": make_user("owner"),
        "viewer": make_user("viewer", view, is_staff=True),
        "staff": make_user("staff", (*view, "try_now_conference"), is_staff=True),
    }
    profile = make_profile(users["owner"], is_default=True, name="Owner's account")
    claimed = make_profile(make_user("third"), name="Third's account")
    conference = make_conference(users["owner"], state="failing", cause_code="outage", lane=profile)
    meeting = make_meeting(conference, profile)
    attempt = make_attempt(users["owner"], claimed)
    token = first_card(conference, users["owner"], "/lessons/1/").token
    link_token, mail_token = make_link(users["owner"])
    requested = LinkRequest.objects.get().public_id
    arguments = {
        "profiles": [],
        "link": ["zoom"],
        "callback": ["zoom"],
        "inbound": ["zoom"],
        "move": [attempt.public_id],
        "another": [make_attempt(users["owner"], profile).public_id],
        **{name: [profile.public_id] for name in ("rename", "set_default", "test", "unlink")},
        **{name: [link_token] for name in ("link_request", "link_request_mail", "link_request_code")},
        "verify": [mail_token],
        "relink": [profile.public_id],
        "relink_mail": [profile.public_id],
        "relink_by_mail": [make_relink_mail(users["owner"])],
        "requested": [requested],
        "requested_link": [requested, "zoom"],
        "requested_decline": [requested],
        "mirror": [mirror.ticket("now")],
        "card": [token],
        **{name: [conference.public_id] for name in ("conference", "conference_choose", "conference_retry")},
    }
    private = [profile.account_label, "Owner", profile.public_id, conference.public_id, meeting.meeting_id]
    return World(users, arguments, [*private, "does not answer properly"])


def test_every_route_has_a_row() -> None:
    """A new route fails here until the table says who may see it."""
    assert set(page_patterns()) == set(EXPECTED)


def client_of(world: World, visitor: str) -> Client:
    client = Client(raise_request_exception=True)
    client.cookies[COOKIE_NAME] = LINKING_BROWSER  # which helps nobody but its person
    if visitor != "anonymous":
        client.force_login(world.users[visitor])
    return client


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_everyone_gets_what_the_table_says(world: World, name: str, subtests: pytest.Subtests) -> None:
    url = reverse(f"conferencing:{name}", args=world.arguments[name])
    for method, visitor in product(("GET", "POST"), VISITORS):
        with subtests.test(method=method, visitor=visitor), undone():
            response = client_of(world, visitor).generic(method, url, content_type="application/x-www-form-urlencoded")
            expected = getattr(EXPECTED[name][method == "POST"], visitor)
            assert response.status_code == expected, response.headers
            if expected == 302:
                assert response.headers["Location"].startswith("/accounts/login/?next=")
            body = response.content.decode()
            assert not [secret for secret in SECRETS if secret in body]
            if visitor != "owner" and not (name in FOR_STAFF and expected == 200):
                # Django's 404 page under DEBUG repeats the address, and what it holds the visitor has brought along.
                assert not [text for text in world.private if text in body and text not in url]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_site_that_has_everybody_sign_in_keeps_no_link_from_opening(world: World, name: str, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    url = reverse(f"conferencing:{name}", args=world.arguments[name])
    for method in ("GET", "POST"):
        with undone():
            response = client_of(world, "anonymous").generic(
                method, url, content_type="application/x-www-form-urlencoded"
            )
            assert response.status_code == EXPECTED[name][method == "POST"].anonymous, method


FORMS = [name for name, rows in EXPECTED.items() if rows[1] not in (NOT_A_METHOD, SIGNED_ONLY)]


def test_a_post_without_csrf_token_is_refused(world: World, subtests: pytest.Subtests) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.users["owner"])
    for name in FORMS:
        with subtests.test(name=name), undone():
            response = client.post(reverse(f"conferencing:{name}", args=world.arguments[name]))
            assert response.status_code == 403
            assert b"CSRF" in response.content


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(world: World, method: str, subtests: pytest.Subtests) -> None:
    client = client_of(world, "owner")
    for name in sorted(EXPECTED):
        with subtests.test(name=name), undone():
            response = client.generic(method, reverse(f"conferencing:{name}", args=world.arguments[name]))
            assert response.status_code == 405


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_no_page_is_stored_framed_or_told_to_others(world: World, name: str, subtests: pytest.Subtests) -> None:
    policy = "no-referrer" if name == "callback" else FORMS_REFERRER_POLICY
    for visitor, method in product(VISITORS, ("GET", "POST")):
        with subtests.test(method=method, visitor=visitor), undone():
            response = client_of(world, visitor).generic(
                method, reverse(f"conferencing:{name}", args=world.arguments[name])
            )
            if response.status_code in (403, 404):  # Django's own error pages: they hold nothing
                continue
            assert "no-store" in response.headers["Cache-Control"]
            # Browsers take the last policy that they know; a bare no-referrer would break every form (test_browser.py).
            assert response.headers["Referrer-Policy"] == policy
            assert response.headers["X-Frame-Options"] == "DENY"
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
