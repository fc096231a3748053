"""Proving by mail whose browser it is: for one link request, and nothing else. It is no login.

The browser that asks for the mail may be anybody's. The mail goes to the person, and whoever presses its button goes
on in their own browser; the one that asked goes on only if the mail is opened in it, or the mail's code typed into it.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from enum import Enum

from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock, crypto, doorbell, limits, mails
from conferencing_app.conf import settings
from conferencing_app.exceptions import LinkError
from conferencing_app.limits import Limit
from conferencing_app.models import LinkRequest, Verification
from conferencing_app.services import requests

TOKEN_BYTES = 32
CODE_DIGITS = 8
# With so many tries for a code and so many codes an hour, a year of guessing finds a given person's one time in 400.
WRONG_CODES = 5
PER_ACCOUNT = Limit("verification.account", times=5, seconds=3600.0)
PER_NETWORK = Limit("verification.network", times=50, seconds=3600.0)


class Standing(Enum):
    """How far the browser that looks at a link has got."""

    NEW = "new"
    ASKED = "asked"
    ELSEWHERE = "elsewhere"  # the mail that it asked for was confirmed in another browser


@sensitive_variables()
def ask(wanted: LinkRequest, *, browser: str, network: str) -> None:
    """Write the mail that proves the person; earlier ones for this link stop working.

    It does the same whether or not the person has an address, which is only looked up when the mail is sent.
    ``network`` is where the visitor comes from. Raises LimitReached, KeyUnavailable.
    """
    if network:
        limits.take(PER_NETWORK, network)
    limits.take(PER_ACCOUNT, str(wanted.user_id))
    token, code = secrets.token_urlsafe(TOKEN_BYTES), f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    url = settings.BASE_URL.rstrip("/") + reverse("conferencing:verify", args=[token])
    with transaction.atomic(using=settings.DATABASE):
        _unconfirmed(wanted).update(superseded_at=clock.now())
        Verification.objects.create(
            link_request=wanted,
            mail=mails.verify_link(wanted, url, code),
            token_hash=crypto.digest(token),
            code_hash=_digest_of_code(code, browser),
            asked_by=crypto.digest(browser),
            created_at=clock.now(),
        )
        doorbell.ring(settings.DATABASE)


@sensitive_variables()
def standing(wanted: LinkRequest, browser: str) -> Standing:
    """How far this browser has got with the link; it is not one that may go on."""
    asked = _last_asked(wanted, browser)
    if asked is None or asked.superseded_at is not None:
        return Standing.NEW
    if asked.confirmed_at is not None:
        return Standing.ELSEWHERE if asked.confirmed_by != asked.asked_by else Standing.NEW
    return Standing.ASKED if _holds(asked) else Standing.NEW


@sensitive_variables()
def find(token: str) -> Verification:
    """What the link of a mail confirms. Raises LinkError: unknown_, used_, superseded_ or expired_mail, or as
    ``requests.find`` does for the link request."""
    proof = Verification.objects.select_related("link_request__user", "mail")
    found = _checked(proof.filter(token_hash=crypto.digest(token)).first())
    _check_address(found)
    return found


@sensitive_variables()
def confirm(token: str, browser: str) -> LinkRequest:
    """The button in the mail's page was pressed in this browser, which goes on from now. Raises LinkError."""
    return _confirm(find(token), browser)


@sensitive_variables()
def confirm_by_code(wanted: LinkRequest, browser: str, code: str) -> LinkRequest:
    """The mail's code was typed into the browser that asked for it, which goes on. Raises LinkError: wrong_code,
    no_code_left, or as :func:`find`."""
    proof = _checked(_last_asked(wanted, browser))
    tries = Verification.objects.filter(pk=proof.pk, wrong_codes__lt=WRONG_CODES)
    # Counted before it is looked at: of many at once none is one too many.
    if not tries.update(wrong_codes=F("wrong_codes") + 1):
        raise LinkError("no_code_left")
    if not hmac.compare_digest(proof.code_hash, _digest_of_code("".join(code.split()), browser)):
        raise LinkError("wrong_code")
    return _confirm(proof, browser)


@sensitive_variables()
def _confirm(proof: Verification, browser: str) -> LinkRequest:
    """Once, by a conditional update; the proof then holds in this browser and in no other."""
    if not browser:
        raise ValueError("browser must be a secret that this browser alone holds")
    _check_address(proof)
    with transaction.atomic(using=settings.DATABASE):
        open_ones = Verification.objects.filter(pk=proof.pk, confirmed_at=None, superseded_at=None)
        if not open_ones.update(confirmed_at=clock.now(), confirmed_by=crypto.digest(browser)):
            raise LinkError("used_mail")
        requests.prove(proof.link_request, browser)
    return proof.link_request


def _checked(proof: Verification | None) -> Verification:
    if proof is None or not proof.link_request.user.is_active:
        raise LinkError("unknown_mail")
    if proof.confirmed_at is not None:
        raise LinkError("used_mail")
    if proof.superseded_at is not None or proof.link_request.superseded_at is not None:
        raise LinkError("superseded_mail")
    if proof.link_request.used_at is not None:
        raise LinkError("used_request")
    if not _holds(proof):
        raise LinkError("expired_mail")
    return proof


def _holds(proof: Verification) -> bool:
    ends = proof.created_at + timedelta(seconds=settings.VERIFICATION_SECONDS)
    return ends > clock.read(settings.DATABASE)


def _check_address(proof: Verification) -> None:
    """A mail proves nothing any more once the person's address is another than the one it went to.

    Looked at only for who has the mail: nobody else learns whether there is an address.
    """
    address = mails.address_of(proof.link_request.user)
    if not address or proof.mail.address_hash != mails.address_digest(address):
        raise LinkError("expired_mail")


@sensitive_variables()
def _last_asked(wanted: LinkRequest, browser: str) -> Verification | None:
    if not browser:
        return None
    asked = wanted.verifications.filter(asked_by=crypto.digest(browser))
    return asked.select_related("link_request__user", "mail").order_by("-pk").first()


def _unconfirmed(wanted: LinkRequest) -> QuerySet[Verification]:
    return wanted.verifications.filter(confirmed_at=None, superseded_at=None)


def _digest_of_code(code: str, browser: str) -> str:
    return crypto.digest(f"{browser}:{code}")
