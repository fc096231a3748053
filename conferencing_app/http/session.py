"""Sessions for calls to services: hardened, and one for each thread so that connections are used again."""

from __future__ import annotations

import os
import threading
from typing import Any

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from conferencing_app import addresses
from conferencing_app.http.deadline import TimedAdapter
from conferencing_app.http.failures import AddressRefused
from conferencing_app.http.pinned import PinnedAdapter
from conferencing_app.http.policy import CallPolicy
from conferencing_app.http.redaction import guard_loggers, silence
from conferencing_app.http.tracing import note_answer, note_call

CHUNK_BYTES = 64 * 1024
# identity: a small compressed answer must not unfold into a large one.
HEADERS = {"User-Agent": "django-conferencing", "Accept": "application/json", "Accept-Encoding": "identity"}


class BodyTooLarge(requests.exceptions.ContentDecodingError):
    """The answer is larger than any answer should be."""


class OutboundSession(requests.Session):
    """A session that calls only addresses that may be called, within its time limits.

    Nothing is taken from the environment (its proxies, .netrc), no redirect is followed, no cookie is kept (several
    people's calls share a session), and the body is read up to a cap and a deadline.
    """

    def __init__(self, *args: Any, policy: CallPolicy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy = policy
        self.trust_env = False
        self.headers.update(HEADERS)
        adapter = PinnedAdapter(policy) if policy.untrusted else TimedAdapter(pool_maxsize=1, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        """Send one prepared request; raises requests' exceptions, AddressRefused and BodyTooLarge among them.

        Goes past requests' own ``send``, which keeps cookies and prepares for redirects even when told not to follow.
        """
        url = request.url or ""
        refused = addresses.objection(
            url, allow_loopback_http=self.policy.allow_loopback_http, allow_http=bool(self.policy.networks)
        )
        if refused:
            raise AddressRefused(f"The address was not called: {refused}.")
        limits = (self.policy.connect_seconds, self.policy.read_seconds)
        note_call()
        with silence():
            proxies = {"https": self.policy.proxy} if self.policy.proxy else {}
            adapter = self.get_adapter(url)
            response = adapter.send(request, stream=True, timeout=limits, verify=True, proxies=proxies)
            note_answer(response.status_code, response.headers)
            _read_body(response, self.policy.max_body_bytes)
        return response


class _ThreadSessions(threading.local):
    """One thread's sessions. Told apart by process too: a forked child must not write to its parent's connections."""

    def __init__(self) -> None:
        self.by_policy: dict[tuple[int, CallPolicy], OutboundSession] = {}


_sessions = _ThreadSessions()


def session(policy: CallPolicy) -> OutboundSession:
    """This thread's session for this policy."""
    key = (os.getpid(), policy)
    if key not in _sessions.by_policy:
        _sessions.by_policy[key] = OutboundSession(policy=policy)
    return _sessions.by_policy[key]


def _read_body(response: requests.Response, most: int) -> None:
    """Read the body as it comes, so that its size can't fill the memory."""
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := _next_chunk(response):
            size += len(chunk)
            chunks.append(chunk)
            if size > most:
                raise BodyTooLarge("The answer is too large.")
    except BaseException:
        response.close()
        raise
    # requests has no public way to hand over a body that was read under one's own rules.
    response._content = b"".join(chunks)
    response._content_consumed = True  # type: ignore[attr-defined]  # missing in types-requests
    response.encoding = "utf-8"  # what JSON is in, and no guessing


def _next_chunk(response: requests.Response) -> bytes:
    try:
        chunk: bytes = response.raw.read1(CHUNK_BYTES, decode_content=True)
    except ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout("The answer stopped coming.") from error
    except (HTTPError, OSError) as error:
        raise requests.exceptions.ChunkedEncodingError("The answer was cut off.") from error
    return chunk


guard_loggers()
