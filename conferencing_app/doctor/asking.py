"""Whether providers answer, take this site's client id and secret, and mean the same time."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from conferencing_app import clock, http
from conferencing_app.doctor.finding import ERROR, Finding
from conferencing_app.doctor.rows import MOST_SKEW
from conferencing_app.exceptions import Misconfigured, ProviderError
from conferencing_app.http import CallPolicy
from conferencing_app.providers.base import Provider

HINT = "Let this machine out to that address, or name your proxy: CONFERENCING_HTTP_PROXY"
SANDBOX_HINT = "manage.py conferencing_sandbox"
CLOCK_HINT = "timedatectl set-ntp true"
# No service has ever given out such a token, so none can be lost by showing it.
NO_TOKEN = "this-is-no-refresh-token"


def answers(policy: CallPolicy, url: str, hint: str) -> Finding | None:
    """Any answer will do: nothing is sent that would be worth one. Its clock is looked at."""
    try:
        reply = http.call(policy, "GET", url)
    except ProviderError as error:
        return Finding("conferencing.D021", ERROR, str(error), hint)
    told = _time_of(reply.headers.get("Date", ""))
    skew = datetime.now(UTC) + clock.offset - told if told else None
    if skew is None or abs(skew) <= MOST_SKEW:
        return None
    seconds = round(skew.total_seconds())
    direction = "ahead of" if seconds > 0 else "behind"
    message = f"the clock of this machine is {abs(seconds)} seconds {direction} the one there"
    return Finding("conferencing.D023", ERROR, message, CLOCK_HINT)


def accepts_client(provider: Provider) -> Finding | None:
    """The token endpoint's word on the client, asked with a token that is none.

    Who is known is told that the token is bad, anybody else that the client is: no grant is needed, none is used up.
    """
    if provider.oauth is None:
        return None
    try:
        provider.oauth.refresh(NO_TOKEN)
    except Misconfigured as error:
        message = f"{provider.label} does not accept this site's client id and secret ({error.code})"
        hint = f"Copy both anew from your app at {provider.label} into CONFERENCING_PROVIDERS."
        return Finding("conferencing.D022", ERROR, message, hint)
    except ProviderError:
        return None  # the client is known; or nothing was said, which is told of the address
    return None


def _time_of(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
