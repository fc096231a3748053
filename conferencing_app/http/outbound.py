"""One call to a service: a reply, whatever its status, or our exception when there is none."""

from __future__ import annotations

import json as json_format
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.auth import HTTPBasicAuth

from conferencing_app.exceptions import Misconfigured, ProviderError, Unavailable
from conferencing_app.http.failures import AddressRefused, never_sent, refused_by_proxy
from conferencing_app.http.policy import CallPolicy
from conferencing_app.http.session import HEADERS, session

UNUSABLE = (
    AddressRefused,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
)


@dataclass(frozen=True)
class Reply:
    """What came back. Its body is never shown, logged or put into an exception."""

    status: int
    headers: Mapping[str, str] = field(repr=False)  # names in any case
    body: bytes = field(repr=False)

    def data(self) -> Any:
        """The body read as JSON; None when it is something else."""
        try:
            return json_format.loads(self.body)
        except (ValueError, RecursionError):
            return None


def call(
    policy: CallPolicy,
    method: str,
    url: str,
    *,
    bearer: str = "",
    basic: tuple[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    json: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Call and return the reply. Raises Unavailable when none came, Misconfigured when the address can't be called.

    ``body`` is sent byte for byte. Secrets belong into ``bearer``, ``basic``, ``form`` or ``headers``, never into the
    address.
    """
    sent = {**HEADERS, **(headers or {}), **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    failure: ProviderError
    try:
        request = requests.PreparedRequest()
        request.prepare(
            method=method,
            url=url,
            headers=sent,
            params=params,
            data=form if body is None else body,
            json=json,
            auth=HTTPBasicAuth(*basic) if basic else None,
        )
        response = session(policy).send(request)
    except (requests.RequestException, UnicodeError) as error:
        failure = transport_failure(error, changes_something=method != "GET")
    else:
        return Reply(response.status_code, response.headers, response.content)
    # Raised out here so that it does not drag along the library's exception, which holds the whole request.
    raise failure


def transport_failure(error: Exception, *, changes_something: bool) -> ProviderError:
    """What it means that no reply came; the outcome is unknown unless the request surely never left."""
    if isinstance(error, (*UNUSABLE, UnicodeError)):
        return Misconfigured(str(error) if isinstance(error, AddressRefused) else "The request can't be sent.")
    if refused_by_proxy(error):
        return Unavailable("The proxy does not connect to the service.")
    if never_sent(error):
        return Unavailable("No connection to the service.")
    slow = isinstance(error, requests.exceptions.Timeout)
    message = "The service did not answer in time." if slow else "The service's answer was lost."
    return Unavailable(message, outcome_unknown=changes_something)
