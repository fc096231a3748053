"""The address where a person links an account again: stable, without a secret, good for as long as it takes.

It gives nothing by itself. Going on takes the person's own session, or a browser that was proved by mail: by the one
that the page has sent, or by one of the app's own mails, whose link carries its proof.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock, crypto, mails
from conferencing_app.conf import settings
from conferencing_app.exceptions import LinkError
from conferencing_app.models import ConferencingProfile, LinkRequest, RelinkProof
from conferencing_app.services import requests, verification

State = ConferencingProfile.State

# How long the link in a mail of the app proves who has it. The address without a proof goes on working.
MAIL_PROVES_FOR = timedelta(days=7)


def find(public_id: str) -> ConferencingProfile | None:
    """The profile of this id, linked or not."""
    profile: ConferencingProfile | None = ConferencingProfile.objects.filter(public_id=public_id).first()
    return profile


@sensitive_variables()
def proved_request(profile: ConferencingProfile, browser: str) -> LinkRequest | None:
    """The last request for this profile for which this browser was proved by mail, answered or not."""
    if not browser or not profile.is_linked:
        return None
    proved = LinkRequest.objects.select_related("user", "profile").filter(profile=profile, user=profile.user_id)
    wanted = proved.filter(proved_browser=crypto.digest(browser)).order_by("-proved_at", "-pk").first()
    return wanted if requests.is_proved(wanted, browser) else None


@sensitive_variables()
def ask(profile: ConferencingProfile, *, browser: str, network: str) -> str:
    """Have the person verified by mail, whoever asks; the address of the page that says so.

    Raises LimitReached, KeyUnavailable, and LinkError for a person who may no longer sign in.
    """
    if not profile.is_linked or profile.user is None or not profile.user.is_active:
        raise LinkError("unknown_request")
    with transaction.atomic(using=settings.DATABASE):
        wanted, token = requests.make(profile.user, _path(profile), profile=profile)
        verification.ask(wanted, browser=browser, network=network)
    return reverse("conferencing:link_request", args=[token])


@sensitive_variables()
def find_proof(token: str) -> RelinkProof:
    """What the link of a mail proves, or once did. Raises LinkError: unknown_mail."""
    proof = RelinkProof.objects.select_related("profile__user", "mail").filter(token_hash=crypto.digest(token)).first()
    if proof is None:
        raise LinkError("unknown_mail")
    return proof


def holds(proof: RelinkProof) -> bool:
    """Whether it proves anything now: once, for a while, while the account must be linked again, and only while the
    person's address is the one that the mail went to."""
    profile = proof.profile
    if proof.used_at is not None or profile.state != State.DISCONNECTED:
        return False
    if profile.user is None or not profile.user.is_active:
        return False
    if proof.created_at + MAIL_PROVES_FOR <= clock.read(settings.DATABASE) or proof.created_at < profile.linked_at:
        return False
    address = mails.address_of(profile.user)
    return bool(address) and proof.mail.address_hash == mails.address_digest(address)


@sensitive_variables()
def confirm(proof: RelinkProof, browser: str) -> LinkRequest:
    """The button on the mail's page was pressed in this browser, which goes on. Raises LinkError: used_mail."""
    if not browser:
        raise ValueError("browser must be a secret that this browser alone holds")
    profile = proof.profile
    with transaction.atomic(using=settings.DATABASE):
        unused = RelinkProof.objects.filter(pk=proof.pk, used_at=None)
        if not (holds(proof) and unused.update(used_at=clock.now())):
            raise LinkError("used_mail")
        wanted, _ = requests.make(profile.user, _path(profile), profile=profile)
        requests.prove(wanted, browser)
    return wanted


def _path(profile: ConferencingProfile) -> str:
    return reverse("conferencing:relink", args=[profile.public_id])
