"""Rows that the tests of pages and admin start from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import transaction

from conferencing_app import clock, crypto, mails
from conferencing_app.fields import Sealed
from conferencing_app.models import (
    Attempt,
    Conference,
    ConferencingProfile,
    Endpoint,
    Grant,
    LinkAttempt,
    LinkRequest,
    Mail,
    Meeting,
    Notification,
    NotificationDelivery,
)
from conferencing_app.services import disconnection, linking, verification

numbers = count(1)
# What the browser that linked holds in its cookie.
LINKING_BROWSER = "b" * 43
# None of these may ever stand on a page.
SECRETS = [
    *("access-token-secret", "refresh-token-secret", "code-verifier-secret", "https://zoom.example/s/host-secret"),
    *("endpoint-secret", "query-secret", "mail-fact-secret"),
]


@contextmanager
def undone() -> Iterator[None]:
    """What is written within is taken back, so that many visitors find the same rows.

    No ``atomic()``, within which a durable one would be refused.
    """
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)


def make_user(name: str, permissions: tuple[str, ...] = (), **kwargs: Any) -> Any:
    user = get_user_model().objects.create_user(name, f"{name}@example.com", "password", **kwargs)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def make_profile(user: Any, **kwargs: Any) -> ConferencingProfile:
    number = next(numbers)
    values = {
        "provider": "zoom",
        "account_label": f"{user.username}{number}.zoom@example.com",
        "account_key": f"zoom:{number}",
        "linked_at": clock.read("default"),
    }
    profile = ConferencingProfile.objects.create(user=user, **{**values, **kwargs})
    grant = Grant(profile=profile, expires_at=profile.linked_at + timedelta(hours=1))
    grant.access_token = Sealed.seal("access-token-secret", grant.place("access_token"))
    grant.refresh_token = Sealed.seal("refresh-token-secret", grant.place("refresh_token"))
    grant.save()
    return profile


def make_conference(owner: Any, **kwargs: Any) -> Conference:
    now = clock.read("default")
    values = {
        "event_model": "hosts.lesson",
        "event_key": str(next(numbers)),
        "owner": owner,
        "summary": f"Lesson of {owner.username}" if owner else "Lesson",
        "start": now + timedelta(days=1),
        "end": now + timedelta(days=1, hours=1),
        "created_at": now,
    }
    return Conference.objects.create(**{**values, **kwargs})


def make_meeting(conference: Conference, profile: ConferencingProfile, **kwargs: Any) -> Meeting:
    now = clock.read("default")
    values = {
        "state": Meeting.State.LIVE,
        "created_at": now,
        "ends_at": now + timedelta(days=1, hours=1),
        "meeting_id": f"900{next(numbers)}",
        "join_url": f"https://zoom.example/j/{next(numbers)}",
    }
    meeting = Meeting(conference=conference, profile=profile, **{**values, **kwargs})
    meeting.host_url = Sealed.seal("https://zoom.example/s/host-secret", meeting.place("host_url"))
    meeting.save()
    return meeting


def make_call(profile: ConferencingProfile, conference: Conference | None = None, **kwargs: Any) -> Attempt:
    """A call to a provider that was carried out just now."""
    values = {
        "provider": profile.provider,
        "operation": Attempt.Operation.CREATE,
        "started_at": clock.read("default"),
        "milliseconds": 120,
        "status": 201,
        "request_id": f"req-{next(numbers)}",
    }
    return Attempt.objects.create(profile=profile, conference=conference, **{**values, **kwargs})


def make_news(subject: Any, **kwargs: Any) -> Notification:
    """A notification about this conference or profile."""
    values = {
        "type": "conferencing_failing",
        "sequence": next(numbers),
        "cause_code": "outage",
        "data": {"event": {"model": "hosts.lesson", "key": "1"}, "conferencing": {"pending": True}},
        "created_at": clock.read("default"),
    }
    return Notification.objects.create(subject=subject.public_id, **{**values, **kwargs})


def make_endpoint(user: Any, **kwargs: Any) -> Endpoint:
    number = next(numbers)
    values = {"url": f"https://hooks{number}.example.com/conferencing?key=query-secret", "user": user}
    endpoint = Endpoint(**{**values, "created_at": clock.read("default"), **kwargs})
    endpoint.secret = Sealed.seal("whsec_endpoint-secret", endpoint.place("secret"))
    endpoint.save()
    return endpoint


def make_letter(user: Any, **kwargs: Any) -> Mail:
    """A mail that has not been sent yet."""
    now = clock.read("default")
    values = {"kind": "profile_disconnected", "facts": {"reason": "mail-fact-secret"}, "language": "en"}
    letter = Mail(user=user, **{**values, "created_at": now, "expires_at": now + timedelta(days=3), **kwargs})
    letter.secrets = Sealed.seal("{}", letter.place("secrets"))
    letter.save()
    return letter


def make_delivery(notification: Notification, endpoint: Endpoint, **kwargs: Any) -> NotificationDelivery:
    values = {"subject": notification.subject, "receiver": endpoint.public_id, "due_at": notification.created_at}
    return NotificationDelivery.objects.create(notification=notification, endpoint=endpoint, **{**values, **kwargs})


def make_attempt(user: Any, claimed: ConferencingProfile) -> LinkAttempt:
    """One that asks about this profile, in LINKING_BROWSER."""
    now = clock.read("default")
    number = next(numbers)
    attempt = LinkAttempt(
        user=user,
        provider="zoom",
        state_hash=f"state {number}",
        browser_hash=crypto.digest(LINKING_BROWSER),
        redirect_uri="http://testserver/conferencing/callback/zoom/",
        claimed=claimed,
        created_at=now,
        used_at=now,
    )
    attempt.code_verifier = Sealed.seal("code-verifier-secret", attempt.place("code_verifier"))
    attempt.save()
    return attempt


def make_link(user: Any) -> tuple[str, str]:
    """A link for this person, and a mail that has reached them: the tokens of both."""
    link_token = linking.request_link(user, "https://app.example/back").split("/")[-2]
    browser = "the browser of somebody who asked"
    verification.ask(LinkRequest.objects.get(user=user), browser=browser, network="")
    letter = Mail.objects.get(user=user)
    Mail.objects.filter(pk=letter.pk).update(address_hash=mails.address_digest(mails.address_of(user)))
    url = json.loads(letter.secrets.open(letter.place("secrets")))["verify_url"]
    return link_token, url.split("/")[-2]


def make_relink_mail(user: Any) -> str:
    """A mail that asks this person to link an account again, and has reached them: its token."""
    profile = make_profile(user, state="disconnected", cause="credentials_expired", name="Theirs, disconnected")
    letter = disconnection.relink_mail(profile)
    letter.save()
    Mail.objects.filter(pk=letter.pk).update(address_hash=mails.address_digest(mails.address_of(user)))
    (token,) = re.findall(r"/by-mail/(\S+)/$", str(mails.compose(letter, [user.email]).body), re.MULTILINE)
    return token
