"""What the callback has asked a person: answered once, in time, by nobody else, and in the browser that linked.

Whoever else is signed in as the person may not decide which account is used from now on.
"""

from __future__ import annotations

from typing import Any

from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock
from conferencing_app.exceptions import LinkError
from conferencing_app.models import ConferencingProfile, LinkAttempt
from conferencing_app.services import linking, ownership


@sensitive_variables()
def find(user: Any, browser: str, attempt_public_id: str) -> LinkAttempt | None:
    """The attempt that waits for this person's answer in this browser; None where there is none."""
    attempt = _attempt(attempt_public_id)
    if attempt is None or attempt.claimed is None or not linking.is_theirs(attempt, user, browser):
        return None
    return attempt if linking.is_same_browser(attempt, browser) else None


@sensitive_variables()
def take(user: Any, browser: str, attempt_public_id: str) -> tuple[LinkAttempt, ConferencingProfile]:
    """Use the question up, in the transaction of the answer: its attempt, and the profile that it is about.

    Raises LinkError: ``unknown_state``, ``other_user``, ``other_browser``, ``used_state``, ``expired_state``.
    """
    attempt = _attempt(attempt_public_id)
    if attempt is None:
        raise LinkError("unknown_state")
    if not linking.is_theirs(attempt, user, browser):
        raise LinkError("other_user")
    if not linking.is_same_browser(attempt, browser):
        raise LinkError("other_browser")
    if attempt.claimed is None:
        raise LinkError("used_state")
    ownership.lock_people(attempt.user_id, attempt.claimed.user_id)
    asked = LinkAttempt.objects.filter(pk=attempt.pk, claimed__isnull=False)
    if not asked.filter(used_at__gt=clock.now(-ownership.ANSWER_WITHIN)).update(claimed=None):
        raise LinkError("expired_state" if asked.exists() else "used_state")
    return attempt, attempt.claimed


def _attempt(public_id: str) -> LinkAttempt | None:
    attempts = LinkAttempt.objects.select_related("claimed", "profile", "link_request__user")
    return attempts.filter(public_id=public_id).first()
