"""What a person reads when linking did not work, and where they go from there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from conferencing_app.exceptions import LinkError
from conferencing_app.providers import registry
from conferencing_app.services import requests
from conferencing_app.services.linking import MissingScopes


@dataclass(frozen=True)
class Failure:
    """What happened, and what to do. Both may name the provider as ``%(provider)s``."""

    title: str | Promise
    text: str | Promise
    status: int = 400


TRY_AGAIN = gettext_lazy("Nothing was linked. Please start again.")
FAILURES = {
    "missing_state": Failure(gettext_lazy("This address is not complete"), TRY_AGAIN),
    "unknown_state": Failure(gettext_lazy("We don't know this link request"), TRY_AGAIN),
    "used_state": Failure(
        gettext_lazy("This link request has been used already"),
        gettext_lazy("Each request works once. If your account is not in the list, please start again."),
    ),
    "expired_state": Failure(gettext_lazy("That took too long"), TRY_AGAIN),
    "other_user": Failure(
        gettext_lazy("Somebody else started this"),
        gettext_lazy("The request was started by another person on this site. Nothing was linked."),
    ),
    "other_browser": Failure(
        gettext_lazy("This was started in another browser"),
        gettext_lazy("Linking must end in the browser where it began. Nothing was linked. Please start again here."),
    ),
    "other_provider": Failure(gettext_lazy("This answer came from another service"), TRY_AGAIN),
    "access_denied": Failure(
        gettext_lazy("You did not link %(provider)s"),
        gettext_lazy("You said no, or closed the consent page, so nothing was linked. You can link it at any time."),
        200,
    ),
    "provider_error": Failure(
        gettext_lazy("%(provider)s could not link your account"),
        gettext_lazy("%(provider)s answered with an error. Nothing was linked. Please try again."),
    ),
    "missing_scopes": Failure(
        gettext_lazy("%(provider)s did not give all permissions"),
        gettext_lazy("Meetings can only be made and removed with every permission on the consent page. Please try "
                     "again and leave all of them on."),
    ),
    "unavailable": Failure(
        gettext_lazy("%(provider)s does not answer at the moment"),
        gettext_lazy("Nothing was linked. Please try again in a few minutes."),
        503,
    ),
    "misconfigured": Failure(
        gettext_lazy("Linking %(provider)s does not work here yet"),
        gettext_lazy("This site's own registration is at fault. Nothing was linked. Please tell the site's operators."),
        503,
    ),
    "signed_out": Failure(
        gettext_lazy("You are signed out"),
        gettext_lazy("Nothing was linked. Sign in, and start again."),
        403,
    ),
    "unknown_request": Failure(
        gettext_lazy("We don't know this link"),
        gettext_lazy("It may be incomplete, or too old. Nothing was linked. Go back to where you found it and ask for "
                     "a new one, or link your account on this site."),
    ),
    "expired_request": Failure(
        gettext_lazy("This link is too old"),
        gettext_lazy("Such a link holds for a short time only. Nothing was linked. Go back to where you found it and "
                     "ask for a new one, or link your account on this site."),
    ),
    "superseded_request": Failure(
        gettext_lazy("There is a newer link"),
        gettext_lazy("A newer link was made for you after this one, and only the newest works. Nothing was linked. "
                     "Use the newer one, or link your account on this site."),
    ),
    "used_request": Failure(
        gettext_lazy("This link has been used already"),
        gettext_lazy("Each link works once. If your account is not in the list on this site, ask for a new link where "
                     "you found this one."),
    ),
    "unproved": Failure(
        gettext_lazy("This browser can't go on"),
        gettext_lazy("It was not verified for this link, or too long ago. Nothing was linked. Open the link again "
                     "where you found it, or sign in and link your account on this site."),
        403,
    ),
    "unknown_mail": Failure(
        gettext_lazy("We don't know this address"),
        gettext_lazy("It may be incomplete: please copy the whole of it from the mail. Nothing was confirmed."),
    ),
    "expired_mail": Failure(
        gettext_lazy("This mail is too old"),
        gettext_lazy("Nothing was confirmed. If you still want to link your account, open the link again and ask for "
                     "a new mail."),
    ),
    "superseded_mail": Failure(
        gettext_lazy("There is a newer mail"),
        gettext_lazy("Only the newest mail works. Nothing was confirmed. If you have not got it yet, please wait a "
                     "little."),
    ),
    "used_mail": Failure(
        gettext_lazy("This mail has been used already"),
        gettext_lazy("The request was confirmed, and linking goes on in the browser where that was done. Nothing more "
                     "happens here."),
    ),
    "too_many_mails": Failure(
        gettext_lazy("Too many mails"),
        gettext_lazy("As many mails as may be have been sent. Please look for the newest in your mailbox, or try "
                     "again in an hour."),
        429,
    ),
    "mail_impossible": Failure(
        gettext_lazy("No mail can be sent at the moment"),
        gettext_lazy("This site's own set-up is at fault. Nothing was linked. Please tell the site's operators."),
        503,
    ),
}  # fmt: skip


def failed(
    request: HttpRequest, alias: str, code: str, link_request: str = "", missing: Collection[str] = ()
) -> HttpResponse:
    """The page that says what happened and leads back to where one tries again: to the link that one came from.

    ``missing`` are the scopes that the person has left off.
    """
    failure = FAILURES.get(code) or FAILURES["provider_error"]
    label = registry.label(alias) if alias else ""
    context = {
        "title": str(failure.title) % {"provider": label},
        "text": str(failure.text) % {"provider": label},
        "may_try_again": bool(alias),
        "link_request": link_request,
        "missing": registry.scope_words(alias, missing),
    }
    return render(request, "conferencing_app/link_failed.html", context, status=failure.status)


def failed_on_the_way(request: HttpRequest, alias: str, error: LinkError) -> HttpResponse:
    """The same; who said no at the provider to a link that an application asked for goes back to the application."""
    if error.link_request and error.code == "access_denied":
        return HttpResponseRedirect(requests.decline(error.link_request), status=303)
    missing = error.scopes if isinstance(error, MissingScopes) else ()
    return failed(request, alias, error.code, error.link_request, missing)
