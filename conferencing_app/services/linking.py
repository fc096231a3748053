"""Linking an account at a provider: off to its consent page, and back with a grant.

A :class:`LinkAttempt` binds the way there to the way back: one person, one browser, one provider, once, for a while.
The provider is only asked after the attempt has been used up in a committed transaction.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_variables

from conferencing_app import clock, crypto
from conferencing_app.conf import settings
from conferencing_app.exceptions import KeyUnavailable, LinkError, Misconfigured, ProviderError, Unavailable
from conferencing_app.fields import Sealed
from conferencing_app.models import ConferencingProfile, LinkAttempt, LinkRequest
from conferencing_app.providers.base import OAuthFlow
from conferencing_app.providers.types import AccessToken, Identity, Tokens
from conferencing_app.services import grants, ownership, requests
from conferencing_app.services.requests import Application as Application
from conferencing_app.services.requests import request_link as request_link

logger = logging.getLogger(__name__)

STATE_BYTES = 32
VERIFIER_BYTES = 64  # 86 characters in base64url; RFC 7636 allows 43 to 128
# Used attempts are kept for a day, so that a second look at the same address is told apart from a made-up one.
KEEP_ATTEMPTS = timedelta(days=1)


@dataclass(frozen=True)
class Linked:
    """What came of linking. ``created`` is false when a profile was restored.

    ``redirect_url`` is where a link request leads back to, anywhere; ``next_url`` is on this site.
    """

    profile: ConferencingProfile
    created: bool
    next_url: str
    redirect_url: str = ""


class AccountClaimed(LinkError):
    """Another person has linked this account. ``attempt`` is the id by which it can be moved."""

    def __init__(self, attempt: str) -> None:
        super().__init__("claimed")
        self.attempt = attempt


class AnotherAccount(LinkError):
    """It is another account than the one to link again. ``attempt`` is the id by which the person says what it is."""

    def __init__(self, attempt: str) -> None:
        super().__init__("other_account")
        self.attempt = attempt


class MissingScopes(LinkError):
    """The person did not allow all that the app needs; ``scopes`` are those missing, in the provider's words."""

    def __init__(self, scopes: Collection[str]) -> None:
        super().__init__("missing_scopes", f"missing_scopes: {', '.join(sorted(scopes))}")
        self.scopes = tuple(sorted(scopes))


@sensitive_variables()
def start(
    user: Any,
    provider_alias: str,
    *,
    browser: str,
    next_url: str = "",
    profile: ConferencingProfile | None = None,
    allowed_hosts: Collection[str] = (),
    link_request: LinkRequest | None = None,
) -> str:
    """The address of the provider's consent page for this person.

    ``browser`` is a secret that only this browser holds (a cookie), ``profile`` the one to relink. ``next_url``, where
    to go afterwards, is dropped unless it is on this site or one of ``allowed_hosts``. ``link_request`` is the link
    that led here; the caller has made sure that this browser may go on from it.
    Raises LinkError: ``misconfigured`` when the provider is not set up, ``other_user`` for somebody else's profile.
    """
    if not browser:
        raise ValueError("browser must be a secret that this browser alone holds")
    if profile is not None and profile.user_id != user.pk:
        raise LinkError("other_user")
    state, verifier = secrets.token_urlsafe(STATE_BYTES), secrets.token_urlsafe(VERIFIER_BYTES)
    attempt = LinkAttempt(
        user=user,
        provider=provider_alias,
        state_hash=crypto.digest(state),
        browser_hash=crypto.digest(browser),
        redirect_uri=redirect_uri(provider_alias),
        next_url=_safe_next(next_url, allowed_hosts),
        profile=profile,
        link_request=link_request,
        created_at=clock.now(),
    )
    try:
        url = _flow(provider_alias).authorization_url(
            redirect_uri=attempt.redirect_uri, state=state, code_verifier=verifier
        )
        attempt.code_verifier = Sealed.seal(verifier, attempt.place("code_verifier"))
    except (ProviderError, KeyUnavailable) as error:
        raise refusal(provider_alias, error) from error
    attempt.save(force_insert=True)
    return url


@sensitive_variables()
def finish(user: Any, provider_alias: str, *, browser: str, query: Mapping[str, str], absolute_uri: str) -> Linked:
    """Take the person back from the provider and store the profile. Not for use inside a transaction.

    ``query`` are the callback's parameters and ``absolute_uri`` its address. ``user`` may be anonymous in a browser
    that was proved by mail for the link request of the attempt. Raises LinkError; its ``code`` is one of missing_state,
    unknown_state, used_state, expired_state, other_user, other_browser, other_provider, used_request (for these no call
    is made), access_denied, provider_error, missing_scopes, other_account, unavailable, misconfigured, claimed.
    """
    attempt = _use_up(user, provider_alias, browser, query)
    try:
        _check_answer(query)
        return _exchange(attempt, query, absolute_uri)
    except LinkError as error:
        error.link_request = attempt.link_request.public_id if attempt.link_request is not None else ""
        raise


@sensitive_variables()
def needs_no_login(browser: str, query: Mapping[str, str]) -> bool:
    """Whether this answer belongs to an attempt of a link request for which this browser was proved by mail."""
    attempt = _attempt(query)
    return attempt is not None and requests.is_proved(attempt.link_request, browser)


def prune() -> int:
    """Delete old attempts and link requests; how many attempts."""
    requests.prune(KEEP_ATTEMPTS)
    deleted, _ = LinkAttempt.objects.filter(created_at__lt=clock.now(-KEEP_ATTEMPTS)).delete()
    return deleted


def redirect_uri(provider_alias: str) -> str:
    """Where this provider sends people back to: an address of its own, to be registered with it exactly so."""
    return settings.BASE_URL.rstrip("/") + reverse("conferencing:callback", args=[provider_alias])


@sensitive_variables()
def _use_up(user: Any, provider_alias: str, browser: str, query: Mapping[str, str]) -> LinkAttempt:
    """The attempt that this callback belongs to, which can't be used again. Asks nobody, changes nothing else."""
    if not query.get("state"):
        raise LinkError("missing_state")
    with transaction.atomic(using=settings.DATABASE, durable=True):
        attempt = _attempt(query)
        if attempt is None:
            raise LinkError("unknown_state")
        if attempt.provider != provider_alias:
            raise LinkError("other_provider")
        if not is_theirs(attempt, user, browser):
            raise LinkError("other_user")
        if not is_same_browser(attempt, browser):
            raise LinkError("other_browser")
        if attempt.link_request is not None and attempt.link_request.used_at is not None:
            raise LinkError("used_request")
        unused = LinkAttempt.objects.filter(pk=attempt.pk, used_at=None)
        fresh = unused.filter(created_at__gt=clock.now(-timedelta(seconds=settings.LINK_ATTEMPT_SECONDS)))
        if not fresh.update(used_at=clock.now()):
            raise LinkError("expired_state" if unused.exists() else "used_state")
    return attempt


@sensitive_variables()
def _attempt(query: Mapping[str, str]) -> LinkAttempt | None:
    """The attempt that an answer names by its state."""
    state = _only(query, "state")
    attempts = LinkAttempt.objects.select_related("profile", "link_request__user")
    return attempts.filter(state_hash=crypto.digest(state)).first() if state else None


def is_theirs(attempt: LinkAttempt, user: Any, browser: str) -> bool:
    """Whether it is the attempt's person: signed in, or in the browser that was proved for its link request."""
    return attempt.user_id == user.pk or requests.is_proved(attempt.link_request, browser)


@sensitive_variables()
def is_same_browser(attempt: LinkAttempt, browser: str) -> bool:
    """Whether it is the browser that the attempt was started in."""
    return bool(browser) and hmac.compare_digest(attempt.browser_hash, crypto.digest(browser))


def _check_answer(query: Mapping[str, str]) -> None:
    """Go on only with exactly one code and no error."""
    if "error" in query:
        raise LinkError("access_denied" if _only(query, "error") == "access_denied" else "provider_error")
    if not _only(query, "code"):
        raise LinkError("provider_error")


@sensitive_variables()
def _exchange(attempt: LinkAttempt, query: Mapping[str, str], absolute_uri: str) -> Linked:
    flow = _flow(attempt.provider)
    # The registered address with what the provider added: behind a proxy the request's own may look different.
    answer = f"{attempt.redirect_uri}?{urlsplit(absolute_uri).query}"
    try:
        tokens = flow.exchange(
            redirect_uri=attempt.redirect_uri,
            state=query["state"],
            code_verifier=attempt.code_verifier.open(attempt.place("code_verifier")),
            authorization_response=answer,
        )
    except (ProviderError, KeyUnavailable) as error:
        raise refusal(attempt.provider, error) from error
    missing = flow.missing_scopes(tokens)
    if missing:
        _give_back(attempt.provider, flow, tokens)
        raise MissingScopes(missing)
    return _store(attempt, flow, tokens)


@sensitive_variables()
def _store(attempt: LinkAttempt, flow: OAuthFlow, tokens: Tokens) -> Linked:
    try:
        identity = flow.identify(AccessToken(tokens.access_token, tokens.api_url))
        placed = _place(attempt, identity, tokens)
    except (ProviderError, KeyUnavailable) as error:
        _give_back(attempt.provider, flow, tokens)
        raise refusal(attempt.provider, error) from error
    if placed.claimed:
        raise AccountClaimed(attempt.public_id)
    if placed.other_account:
        raise AnotherAccount(attempt.public_id)
    redirect_url = requests.linked(attempt.link_request, placed.profile)
    return Linked(placed.profile, placed.created, attempt.next_url, redirect_url)


@sensitive_variables()
def _place(attempt: LinkAttempt, identity: Identity, tokens: Tokens) -> ownership.Placed:
    try:
        with transaction.atomic(using=settings.DATABASE):
            return ownership.place(attempt, identity, tokens)
    except IntegrityError:
        # Another browser has linked the same account at this very moment: look again whose it is.
        with transaction.atomic(using=settings.DATABASE):
            return ownership.place(attempt, identity, tokens)


@sensitive_variables()
def _give_back(provider_alias: str, flow: OAuthFlow, tokens: Tokens) -> None:
    """Best effort: a grant that is not kept should not live on at the provider."""
    try:
        flow.revoke(AccessToken(tokens.access_token, tokens.api_url))
    except ProviderError as error:
        logger.info("A grant of %s that is not kept could not be revoked (%s).", provider_alias, type(error).__name__)


def refusal(provider_alias: str, error: ProviderError | KeyUnavailable) -> LinkError:
    """What the person is told; what only the operators can mend is logged for them."""
    if isinstance(error, Misconfigured):
        logger.error("Linking %s does not work as this site has it set up (code %s).", provider_alias, error.code)
        return LinkError("misconfigured")
    if isinstance(error, KeyUnavailable):
        logger.error("Linking %s does not work: %s", provider_alias, error)
        return LinkError("misconfigured")
    return LinkError("unavailable" if isinstance(error, Unavailable) else "provider_error")


def _flow(provider_alias: str) -> OAuthFlow:
    try:
        return grants.flow_of(provider_alias)
    except Misconfigured as error:
        raise refusal(provider_alias, error) from error


def _only(query: Mapping[str, str], name: str) -> str:
    """The parameter where it is there exactly once; RFC 6749 §3.1 allows no repetition."""
    if isinstance(query, MultiValueDict) and len(query.getlist(name)) > 1:
        return ""
    return query.get(name) or ""


def _safe_next(next_url: str, allowed_hosts: Collection[str]) -> str:
    site = urlsplit(settings.BASE_URL)
    hosts = {site.netloc, *allowed_hosts}
    safe = url_has_allowed_host_and_scheme(next_url, hosts, require_https=site.scheme == "https")
    longest: int = LinkAttempt._meta.get_field("next_url").max_length or 0
    return next_url if safe and len(next_url) <= longest else ""
