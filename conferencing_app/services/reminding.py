"""What nobody has done anything about: people are reminded, owners warned, and administrators get a digest.

Each worker looks now and then. What a look finds is marked in the transaction that writes the mails, so that each is
written once, however many look. A look costs a constant number of queries for up to ``BATCH`` mails of a kind.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q

from conferencing_app import clock, limits, mails
from conferencing_app.conf import settings
from conferencing_app.engine import batches, claim
from conferencing_app.engine.conflicts import again
from conferencing_app.limits import Limit, LimitReached
from conferencing_app.models import Conference, ConferencingProfile
from conferencing_app.services import disconnection

BATCH = 200
# What has failed for a moment only is worth no mail.
PATIENCE = timedelta(minutes=5)
DIGEST = Limit("mail.admin_digest", times=1, seconds=86400.0)


def look() -> None:
    """Write the mails that are due now."""
    for write_some in (remind_people, warn_owners):
        while again(write_some) == BATCH:
            pass  # there may be more
    again(tell_admins)


def remind_people() -> int:
    """Of accounts that must be linked again while events wait for them; how many accounts were looked at."""
    using = settings.DATABASE
    with transaction.atomic(using=using):
        due = ConferencingProfile.objects.using(using).filter(remind_at__lte=clock.now()).order_by("remind_at", "pk")
        profiles = claim.lock(due, BATCH)
        if not profiles:
            return 0
        now = clock.read(using)
        for profile in profiles:
            profile.remind_at = disconnection.next_reminder(profile.disconnected_at, now)
        batches.rewrite(profiles, ["remind_at"], using)
        lost = [profile for profile in profiles if profile.state == ConferencingProfile.State.DISCONNECTED]
        waited_for = set(Conference.objects.using(using).waiting().filter(lane__in=lost).values_list("lane", flat=True))
        mails.post([disconnection.relink_mail(profile, reminder=True) for profile in lost if profile.pk in waited_for])
    return len(profiles)


def warn_owners() -> int:
    """Of events that start soon and have no link, once for each time at which they start; how many."""
    using = settings.DATABASE
    before = timedelta(seconds=settings.WARN_SECONDS)
    waiting = Conference.objects.using(using).waiting()
    lasting = waiting.filter(state=Conference.State.FAILING, cause_since__lte=clock.now(-PATIENCE)) | waiting.late()
    soon = lasting.filter(
        Q(warned_at=None) | Q(warned_at__lt=F("start") - before),  # told of, and moved to a later day since
        start__lte=clock.now(before),
        owner__isnull=False,
    )
    with transaction.atomic(using=using):
        conferences = claim.lock(soon.order_by("start", "pk"), BATCH)
        if conferences:
            keys = [conference.pk for conference in conferences]
            Conference.objects.using(using).filter(pk__in=keys).update(warned_at=clock.now())
            mails.post([mails.event_without_link(conference) for conference in conferences])
    return len(conferences)


def tell_admins() -> bool:
    """Of what only they can cure, once a day; whether they are told now."""
    using = settings.DATABASE
    lasting = Conference.objects.using(using).for_admins().filter(cause_since__lte=clock.now(-PATIENCE))
    if limits.is_used_up(DIGEST, "") or not mails.admin_addresses() or not lasting.exists():
        return False
    try:
        with transaction.atomic(using=using):
            limits.take(DIGEST, "")
            mails.post([mails.admin_digest()])
    except LimitReached:
        return False  # another worker was first
    return True
