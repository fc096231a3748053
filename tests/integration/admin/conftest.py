from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.integration.pages.rows import (
    make_call,
    make_conference,
    make_delivery,
    make_endpoint,
    make_letter,
    make_meeting,
    make_news,
    make_profile,
    make_user,
)


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def rows(db: None) -> dict[str, Any]:
    """One of everything that is Alice's, which a search must find, and Bob's beside it."""
    found: dict[str, Any] = {}
    for name, last_name in (("alice", "Archer"), ("bob", "Baker")):
        user = make_user(name, first_name=name.capitalize(), last_name=last_name)
        profile = make_profile(user)
        conference = make_conference(
            user, lane=profile, state="failing", cause_code="outage", join_url=f"https://zoom.example/j/{name}?pwd=1"
        )
        meeting = make_meeting(conference, profile, join_url=conference.join_url)
        call = make_call(profile, conference, meeting=meeting, cause_code="outage", status=503)
        told = make_news(conference)
        endpoint = make_endpoint(user)
        delivery = make_delivery(told, endpoint, status=503, attempts=1, answer="Not now.")
        if name == "alice":
            found = {"conferencingprofile": profile, "conference": conference, "meeting": meeting, "attempt": call}
            found |= {"mail": make_letter(user, subject=conference.public_id)}
            found |= {"notification": told, "notificationdelivery": delivery, "endpoint": endpoint}
    return found
