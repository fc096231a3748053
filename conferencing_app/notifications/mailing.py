"""Sending mails: here, one at a time, outside of any transaction, in the thread that drains.

Not in the threads that call providers, which hold no database: a mail backend may well be one that writes to it.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock, limits, mails
from conferencing_app.causes import Retry
from conferencing_app.conf import settings
from conferencing_app.engine import claim, retry
from conferencing_app.engine.stopping import Stop
from conferencing_app.failpoints import failpoint
from conferencing_app.fields import Sealed
from conferencing_app.limits import Limit, LimitReached
from conferencing_app.models import Mail
from conferencing_app.signals import conferencing_contact_address_missing

logger = logging.getLogger(__name__)

State = Mail.State

# How many mails are held at a time. All must be sent within one lease, or else wait for the next.
BATCH = 20
# Mails that a stranger can cause, and how many of them an address gets at most, whatever accounts it belongs to.
LIMITS = {"verify_link": Limit("mail.verify_link", times=5, seconds=3600.0)}


def is_due(using: str) -> bool:
    """Whether a mail waits to be sent now."""
    return bool(Mail.objects.using(using).due().exists())


def send_due(seconds: float, stop: Stop, using: str) -> int:
    """Send what is due, for so long at most or until a stop is asked for; how many mails are settled."""
    until, settled = time.monotonic() + seconds, 0
    while not stop.is_set() and time.monotonic() < until:
        lease_ends = time.monotonic() + settings.LEASE_SECONDS
        held = _claim(using)
        if not held:
            break
        for index, mail in enumerate(held):
            if stop.is_set() or time.monotonic() >= min(until, lease_ends):
                claim.release(Mail, [(left.pk, left.fence) for left in held[index:]], using)
                break
            settled += _send(mail, using)
    return settled


def _claim(using: str) -> list[Mail]:
    with transaction.atomic(using=using):
        rows = claim.lock(Mail.objects.using(using).due(), BATCH)
        leased = claim.lease(rows, settings.LEASE_SECONDS, using)
    to_people = [mail for mail in leased if mail.user_id is not None]
    # Whatever people the site's own manager leaves out: one who is not found may hold up nobody else's mail.
    people = get_user_model()._base_manager.using(using).in_bulk([mail.user_id for mail in to_people])
    for mail in to_people:
        if mail.user_id in people:
            mail.user = people[mail.user_id]
    return leased


@sensitive_variables()
def _send(mail: Mail, using: str) -> bool:
    """Send it, or find out that it can't be; whether that is settled."""
    now = clock.read(using)
    if mail.expires_at <= now:
        return _settle(mail, State.EXPIRED, using)
    try:
        to = mails.recipients_of(mail)
        if not to:
            return _miss_address(mail, using)
        message = mails.compose(mail, to)
        _take(mail, to[0])
        if not _write(mail, using, address_hash=mails.address_digest(to[0])):
            return False  # it took too long, and another worker has it
        failpoint("mail.before_send")
        message.send()
    except LimitReached:
        return _settle(mail, State.LIMITED, using)
    except mails.Moot:
        return _settle(mail, State.MOOT, using)
    except Exception as error:
        # Whatever the site's address, templates or mail backend raise. Its text may repeat the mail's.
        logger.warning("Mail %s could not be sent (%s); it is tried again.", mail.public_id, type(error).__name__)
        return _put_off(mail, error, now, using)
    failpoint("mail.after_send")
    return _settle(mail, State.SENT, using, sent_at=clock.now())


def _take(mail: Mail, address: str) -> None:
    limit = LIMITS.get(mail.kind)
    if limit is not None and not mail.attempts:
        limits.take(limit, mails.address_digest(address))


def _miss_address(mail: Mail, using: str) -> bool:
    """The site is told; nobody else is, as that would tell a stranger."""
    logger.warning("Mail %s has no address to go to.", mail.public_id)
    settled = _settle(mail, State.NO_ADDRESS, using)
    if mail.user is None:
        return settled
    heard = conferencing_contact_address_missing.send_robust(sender=type(mail.user), user=mail.user, kind=mail.kind)
    for receiver, answer in heard:
        if isinstance(answer, Exception):
            logger.error("%r raised on a missing contact address.", receiver, exc_info=answer)
    return settled


def _put_off(mail: Mail, error: Exception, now: datetime, using: str) -> bool:
    at = retry.next_try(Retry.TRANSIENT, mail.attempts + 1, now)
    _write(mail, using, due_at=at, attempts=mail.attempts + 1, error=type(error).__name__, lease_until=None)
    return False


def _settle(mail: Mail, state: str, using: str, **values: Any) -> bool:
    """Nothing more is to be done for it, so what it said is let go of."""
    emptied = {"facts": {}, "secrets": Sealed(""), "error": ""}
    _write(mail, using, state=state, due_at=None, lease_until=None, **emptied, **values)
    return True


def _write(mail: Mail, using: str, **values: Any) -> bool:
    """Unless another worker has it by now."""
    written = Mail.objects.using(using).filter(pk=mail.pk).held(mail.fence).update(**values)
    return bool(written)
