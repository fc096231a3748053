"""Links made for a person: where they lead, who may go on from them, and what is answered in the end.

Whoever opens such a link may be anybody: the application that asked for it may have sent it to someone else. So it
gives nothing by itself; going on takes the person's own session or a browser that was proved by mail to be theirs.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from conferencing_app import addresses, clock, crypto
from conferencing_app.conf import settings
from conferencing_app.exceptions import LinkError
from conferencing_app.models import ConferencingProfile, LinkRequest
from conferencing_app.providers import registry
from conferencing_app.services import ownership

TOKEN_BYTES = 32


@dataclass(frozen=True)
class Application:
    """Who asks for an account to be linked, as the person is told. The logo is a file of this site: a path or URL."""

    name: str
    logo_url: str = ""


@sensitive_variables()
def request_link(
    user: Any,
    redirect_uri: str,
    provider: str | None = None,
    application: Application | None = None,
    *,
    profile: ConferencingProfile | None = None,
) -> str:
    """A link for this person, to be opened in any browser within LINK_REQUEST_SECONDS, that leads to a linked account.

    Afterwards the browser is sent to ``redirect_uri`` with ``last_linked_profile_id=pro_…`` added, or
    ``error=access_denied``. It must be https, or on this site (a path will do), or loopback under DEBUG. ``provider``
    is an alias of CONFERENCING_PROVIDERS and leaves no choice; ``profile`` is the account to link again.
    An older link for the same person, application, provider and profile stops working. Raises ValidationError.
    """
    _, token = make(user, redirect_uri, provider, application, profile=profile)
    return settings.BASE_URL.rstrip("/") + reverse("conferencing:link_request", args=[token])


@sensitive_variables()
def make(
    user: Any,
    redirect_uri: str,
    provider: str | None = None,
    application: Application | None = None,
    *,
    profile: ConferencingProfile | None = None,
) -> tuple[LinkRequest, str]:
    """The request behind such a link, and its token. Raises ValidationError."""
    if profile is not None and (profile.user_id != user.pk or provider not in (None, profile.provider)):
        raise ValidationError({"profile": "It must be this person's, at this provider."})
    if provider is not None and provider not in registry.aliases():
        raise ValidationError({"provider": f"{provider!r} is not in CONFERENCING_PROVIDERS."})
    token = secrets.token_urlsafe(TOKEN_BYTES)
    wanted = LinkRequest(
        user=user,
        provider=profile.provider if profile is not None else provider or "",
        profile=profile,
        application_name=application.name if application else "",
        application_logo=_own_path(application.logo_url) if application and application.logo_url else "",
        redirect_uri=_allowed(redirect_uri),
        token_hash=crypto.digest(token),
        created_at=clock.now(),
    )
    wanted.clean_fields(exclude=["user", "created_at", "profile"])
    with transaction.atomic(using=settings.DATABASE):
        ownership.lock_people(user.pk)
        _supersede_older(wanted)
        wanted.save(force_insert=True)
    return wanted, token


@sensitive_variables()
def find(token: str) -> LinkRequest:
    """The open request of a link. Raises LinkError: unknown_, used_, superseded_ or expired_request."""
    return _open(LinkRequest.objects.select_related("user", "profile").filter(token_hash=crypto.digest(token)).first())


@sensitive_variables()
def find_for(public_id: str, user: Any, browser: str) -> LinkRequest:
    """The open request, for a browser that may go on. Raises LinkError: unproved, or as :func:`find`."""
    wanted = LinkRequest.objects.select_related("user", "profile").filter(public_id=public_id).first()
    if wanted is None or not may_go_on(wanted, user, browser):
        raise LinkError("unproved")
    return _open(wanted)


@sensitive_variables()
def may_go_on(wanted: LinkRequest, user: Any, browser: str) -> bool:
    """Whether this is the person's browser: signed in as them, or proved by mail within LINK_ATTEMPT_SECONDS."""
    if user.is_authenticated and user.pk == wanted.user_id:
        return True
    since = clock.read(settings.DATABASE) - timedelta(seconds=settings.LINK_ATTEMPT_SECONDS)
    return is_proved(wanted, browser) and wanted.proved_at is not None and wanted.proved_at > since


@sensitive_variables()
def is_proved(wanted: LinkRequest | None, browser: str) -> bool:
    """Whether the last mail that was confirmed for this request was confirmed in this browser, whenever that was."""
    if wanted is None or not browser or not wanted.proved_browser or not wanted.user.is_active:
        return False
    return hmac.compare_digest(wanted.proved_browser, crypto.digest(browser))


@sensitive_variables()
def prove(wanted: LinkRequest, browser: str) -> None:
    """It was proved by mail just now whose browser this is: it may go on, and no other."""
    mine = {"proved_browser": crypto.digest(browser), "proved_at": clock.now()}
    LinkRequest.objects.filter(pk=wanted.pk).update(**mine)


def linked(wanted: LinkRequest | None, profile: ConferencingProfile) -> str:
    """The request is answered with this account; where its browser goes to, empty without a request."""
    if wanted is None:
        return ""
    _use_up(wanted)
    return with_answer(wanted.redirect_uri, last_linked_profile_id=profile.public_id)


def decline(public_id: str) -> str:
    """The person said no; where the browser goes to. Who asks has made sure that it may go on."""
    wanted = LinkRequest.objects.get(public_id=public_id)
    _use_up(wanted)
    return with_answer(wanted.redirect_uri, error="access_denied")


def with_answer(uri: str, **answer: str) -> str:
    """The address with these parameters behind those that it has."""
    parts = urlsplit(uri)
    return parts._replace(query="&".join(filter(None, [parts.query, urlencode(answer)]))).geturl()


def prune(keep: timedelta) -> int:
    """Delete requests that have been over for so long; how many."""
    lives = timedelta(seconds=settings.LINK_REQUEST_SECONDS + settings.VERIFICATION_SECONDS)
    _, deleted = LinkRequest.objects.filter(created_at__lt=clock.now(-keep - lives)).delete()
    return deleted.get(LinkRequest._meta.label, 0)


def _open(wanted: LinkRequest | None) -> LinkRequest:
    if wanted is None or not wanted.user.is_active:
        raise LinkError("unknown_request")
    if wanted.used_at is not None:
        raise LinkError("used_request")
    if wanted.superseded_at is not None:
        raise LinkError("superseded_request")
    # Who has proved who they are in time may finish in time.
    begun = max(filter(None, [wanted.created_at, wanted.proved_at]))
    if begun + timedelta(seconds=settings.LINK_REQUEST_SECONDS) <= clock.read(settings.DATABASE):
        raise LinkError("expired_request")
    return wanted


def _use_up(wanted: LinkRequest) -> None:
    LinkRequest.objects.filter(pk=wanted.pk, used_at=None).update(used_at=clock.now())


def _supersede_older(wanted: LinkRequest) -> None:
    same = LinkRequest.objects.filter(
        user=wanted.user_id,
        provider=wanted.provider,
        profile=wanted.profile_id,
        application_name=wanted.application_name,
    )
    same.filter(used_at=None, superseded_at=None).update(superseded_at=clock.now())


def _allowed(redirect_uri: str) -> str:
    """The complete address. Raises ValidationError where a browser may not be sent there."""
    uri = urljoin(settings.BASE_URL, redirect_uri) if _is_path(redirect_uri) else redirect_uri
    problem = addresses.objection(uri, allow_loopback_http=django_settings.DEBUG, allow_http=True)
    if not problem and not _is_ours(uri):
        problem = addresses.objection(uri, allow_loopback_http=django_settings.DEBUG)
    if problem:
        raise ValidationError({"redirect_uri": f"A browser can't be sent there: {problem}."})
    return uri


def _own_path(logo_url: str) -> str:
    """The path of a file of this site. Raises ValidationError for another's: the pages load nothing from elsewhere."""
    if _is_path(logo_url):
        return logo_url
    if addresses.objection(logo_url, allow_http=True) or not _is_ours(logo_url):
        message = "It must be a path on this site, or an address below CONFERENCING_BASE_URL."
        raise ValidationError({"application_logo": message})
    return urlsplit(logo_url)._replace(scheme="", netloc="").geturl()


def _is_path(url: str) -> bool:
    # Browsers leave out tabs and line breaks wherever they stand.
    return url.startswith("/") and not url.startswith(("//", "/\\")) and url.isprintable()


def _is_ours(url: str) -> bool:
    return addresses.origin(url) == addresses.origin(settings.BASE_URL)
