"""Moving an account from one person to another, who has just proved at the provider that it is theirs."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from conferencing_app import mails
from conferencing_app.conf import settings
from conferencing_app.exceptions import KeyUnavailable, LinkError
from conferencing_app.models import ConferencingProfile, Grant, LinkAttempt
from conferencing_app.services import linking, ownership, questions, requests


@sensitive_variables()
def claimed_by(user: Any, browser: str, attempt_public_id: str) -> LinkAttempt | None:
    """The attempt by which this person, in this browser, may move another's account; None where there is none."""
    attempt = questions.find(user, browser, attempt_public_id)
    return attempt if attempt is not None and _is_anothers(attempt, attempt.claimed) else None


@sensitive_variables()
def move(user: Any, attempt_public_id: str, *, browser: str) -> linking.Linked:
    """Move an account that another person had linked to this one, who proved within ten minutes that it is theirs.

    The other's profile is wiped, their meetings that are not over are removed, and they are told by mail.
    ``user`` may be anonymous where the browser was proved by mail. Raises LinkError: ``unavailable``,
    ``misconfigured``, and as :func:`questions.take`.
    """
    with transaction.atomic(using=settings.DATABASE):
        attempt, claimed = questions.take(user, browser, attempt_public_id)
        holder = ConferencingProfile.objects.select_for_update().get(pk=claimed.pk)
        if not _is_anothers(attempt, holder):
            raise LinkError("unknown_state")
        if not holder.is_linked or attempt.used_at is None or holder.linked_at > attempt.used_at:
            # They have given it up or proved anew that it is theirs: start again.
            raise LinkError("expired_state")
        profile = _transfer(holder, attempt.user_id)
        redirect_url = requests.linked(attempt.link_request, profile)
    return linking.Linked(profile, created=True, next_url=attempt.next_url, redirect_url=redirect_url)


def _is_anothers(attempt: LinkAttempt, claimed: ConferencingProfile | None) -> bool:
    return claimed is not None and claimed.user_id != attempt.user_id


def _transfer(holder: ConferencingProfile, user_id: Any) -> ConferencingProfile:
    if not Grant.objects.filter(profile=holder).free().exists():
        raise LinkError("unavailable")  # being refreshed right now: its refresh token is about to change
    try:
        if holder.user_id is not None:
            mails.account_moved(holder)
        return ownership.transfer(holder, user_id)
    except KeyUnavailable as error:
        raise linking.refusal(holder.provider, error) from error
