"""What staff see and may do: they find what support asks about, change nothing by hand, and see no secret."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conferencing_app.fields import SealedField
from conferencing_app.models import (
    Attempt,
    Conference,
    ConferencingProfile,
    Endpoint,
    Mail,
    Meeting,
    Notification,
    NotificationDelivery,
)
from tests.integration.admin.lists import changelist, found_by
from tests.integration.pages.rows import (
    SECRETS,
    make_call,
    make_conference,
    make_delivery,
    make_endpoint,
    make_meeting,
    make_news,
    make_profile,
    make_user,
)

pytestmark = pytest.mark.django_db
MODELS = [Attempt, ConferencingProfile, Conference, Meeting, Endpoint, Mail, Notification, NotificationDelivery]
NAMES = [model._meta.model_name for model in MODELS]


def test_only_these_models_are_registered() -> None:
    """Grants and link attempts hold nothing but secrets."""
    registered = [model for model in admin.site._registry if model._meta.app_label == "conferencing_app"]
    assert sorted(registered, key=str) == sorted(MODELS, key=str)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("conference", {"state__exact": "failing"}),
        ("conference", {"cause_code": "outage"}),
        ("conferencingprofile", {"provider": "zoom"}),
        ("conferencingprofile", {"state__exact": "connected"}),
        ("meeting", {"profile__provider": "zoom"}),
        ("meeting", {"cause_code": ""}),
        ("meeting", {"state__exact": "live"}),
        ("notification", {"type": "conferencing_failing"}),
        ("notification", {"cause_code": "outage"}),
        ("notificationdelivery", {"state__exact": "pending"}),
        ("notificationdelivery", {"notification__type": "conferencing_failing"}),
        ("endpoint", {"scheme__exact": "standard"}),
    ],
)
def test_lists_are_filtered(staff: Client, rows: dict[str, Any], name: str, query: dict[str, str]) -> None:
    assert len(found_by(staff, name, **query)) == 2
    (key,) = query
    assert found_by(staff, name, **{key: "nothing"}) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_long_list_costs_no_more_queries(
    staff: Client, rows: dict[str, Any], django_assert_num_queries: Any, name: str
) -> None:
    staff.get(changelist(name))
    with CaptureQueriesContext(connection) as short:
        staff.get(changelist(name))
    profile, conference = rows["conferencingprofile"], rows["conference"]
    for number in range(10):
        user = make_user(f"user{number}")
        make_profile(user)
        make_meeting(make_conference(user), profile)
        make_meeting(conference, profile)
        make_call(profile, conference)
        make_delivery(make_news(conference), make_endpoint(user))
    with django_assert_num_queries(len(short)):
        staff.get(changelist(name))


@pytest.mark.parametrize("name", NAMES)
def test_no_page_shows_a_sealed_column_or_a_host_link(staff: Client, rows: dict[str, Any], name: str) -> None:
    envelopes = [
        getattr(row, field.name).envelope
        for model in apps.get_app_config("conferencing_app").get_models()
        for row in model._default_manager.all()
        for field in model._meta.fields
        if isinstance(field, SealedField) and getattr(row, field.name)
    ]
    assert envelopes
    pages = ["changelist", "change", "history"]
    for page in pages:
        url = reverse(f"admin:conferencing_app_{name}_{page}", args=[] if page == "changelist" else [rows[name].pk])
        response = staff.get(url)
        assert response.status_code == 200
        html = response.content.decode()
        assert not [text for text in (*SECRETS, *envelopes) if text in html]
        assert "host_url" not in html
        assert "_token" not in html.replace("csrfmiddlewaretoken", "")


@pytest.mark.parametrize(
    ("name", "lookup"),
    [
        ("meeting", "host_url__startswith"),
        ("meeting", "host_url"),
        ("meeting", "profile__grant__access_token__startswith"),
        ("mail", "secrets__startswith"),
        ("mail", "facts__reason__startswith"),
        ("mail", "address_hash__startswith"),
        ("endpoint", "secret__startswith"),
        ("endpoint", "former_secret"),
        ("endpoint", "url__contains"),
        ("notificationdelivery", "endpoint__secret__startswith"),
        ("notificationdelivery", "endpoint__url__contains"),
    ],
)
def test_no_filter_feels_its_way_along_a_sealed_column(
    staff: Client, rows: dict[str, Any], name: str, lookup: str
) -> None:
    assert staff.get(changelist(name), {lookup: "v1"}).status_code == 400


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_added_changed_or_deleted_by_hand(staff: Client, rows: dict[str, Any], name: str) -> None:
    row = rows[name]
    before = type(row).objects.filter(pk=row.pk).values().get()
    assert staff.post(reverse(f"admin:conferencing_app_{name}_add")).status_code == 403
    change = reverse(f"admin:conferencing_app_{name}_change", args=[row.pk])
    assert staff.post(change, {"state": "gone", "name": "x"}).status_code == 403
    assert (
        staff.post(reverse(f"admin:conferencing_app_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    )
    staff.post(changelist(name), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_a_person_with_accounts_can_still_be_deleted_by_staff(staff: Client, rows: dict[str, Any]) -> None:
    """Their accounts then start to leave; only deleting those rows by hand is refused."""
    profile = rows["conferencingprofile"]
    response = staff.post(reverse("admin:auth_user_delete", args=[profile.user_id]), {"post": "yes"})
    profile.refresh_from_db()
    assert response.status_code == 302
    assert profile.state == "leaving"


@pytest.mark.parametrize("name", NAMES)
def test_staff_without_permission_see_nothing(rows: dict[str, Any], name: str) -> None:
    client = Client()
    client.force_login(make_user("idle", is_staff=True))
    assert client.get(changelist(name)).status_code == 403


def test_the_conference_page_says_why_in_words(staff: Client, rows: dict[str, Any]) -> None:
    html = staff.get(reverse("admin:conferencing_app_conference_change", args=[rows["conference"].pk])).content.decode()
    assert "Zoom does not answer properly at the moment." in html
