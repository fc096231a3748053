"""Another account has come back than the one to be linked again: its person says what it is to be.

Until then its grant waits at a profile of its own, which leaves by itself: without a yes in time workers give the grant
back and wipe it, as they do for every account that is parted with.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from conferencing_app import doorbell
from conferencing_app.conf import settings
from conferencing_app.exceptions import LinkError
from conferencing_app.models import ConferencingProfile, LinkAttempt
from conferencing_app.services import linking, ownership, questions, requests


@sensitive_variables()
def asked(user: Any, browser: str, attempt_public_id: str) -> LinkAttempt | None:
    """The attempt about which this person is asked, in the browser that linked; None where there is none."""
    attempt = questions.find(user, browser, attempt_public_id)
    return attempt if attempt is not None and _is_their_own(attempt, attempt.claimed) else None


@sensitive_variables()
def link(user: Any, attempt_public_id: str, *, browser: str) -> linking.Linked:
    """It becomes an account of its own; the one to be linked again stays as it is, and so do the events that wait.

    ``user`` may be anonymous where the browser was proved by mail. Raises LinkError as :func:`questions.take`.
    """
    with transaction.atomic(using=settings.DATABASE):
        attempt, waiting = _take(user, attempt_public_id, browser)
        profile = ownership.accept(waiting.pk)
        redirect_url = requests.linked(attempt.link_request, profile)
    return linking.Linked(profile, created=True, next_url=attempt.next_url, redirect_url=redirect_url)


@sensitive_variables()
def let_go(user: Any, attempt_public_id: str, *, browser: str) -> LinkAttempt:
    """The person does not want it: its grant is given back at once. Raises LinkError, as :func:`link`."""
    with transaction.atomic(using=settings.DATABASE):
        attempt, waiting = _take(user, attempt_public_id, browser)
        leaving = ConferencingProfile.objects.filter(pk=waiting.pk, state=ConferencingProfile.State.LEAVING)
        if leaving.wake():
            doorbell.ring(settings.DATABASE)
    return attempt


@sensitive_variables()
def start_again(user: Any, attempt_public_id: str, *, browser: str, allowed_hosts: Collection[str] = ()) -> str:
    """Let it go, and start anew for the account that was meant; the address of the consent page.

    Raises LinkError as :func:`link`, :func:`linking.start` and :func:`requests.find_for`.
    """
    attempt = let_go(user, attempt_public_id, browser=browser)
    wanted = attempt.link_request
    return linking.start(
        attempt.user,
        attempt.provider,
        browser=browser,
        next_url=attempt.next_url,
        profile=attempt.profile,
        allowed_hosts=allowed_hosts,
        link_request=requests.find_for(wanted.public_id, user, browser) if wanted is not None else None,
    )


@sensitive_variables()
def _take(user: Any, attempt_public_id: str, browser: str) -> tuple[LinkAttempt, ConferencingProfile]:
    attempt, waiting = questions.take(user, browser, attempt_public_id)
    if not _is_their_own(attempt, waiting):
        raise LinkError("unknown_state")
    return attempt, waiting


def _is_their_own(attempt: LinkAttempt, claimed: ConferencingProfile | None) -> bool:
    return claimed is not None and claimed.user_id == attempt.user_id
