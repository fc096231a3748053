"""What the providers send: kept for whoever asks, and delivered over HTTP where an application has an address for it.

One after the other in a thread of its own, so that no request waits for a site. Nothing is sent again by itself.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

# Zoom waits three seconds for an answer.
ANSWER_SECONDS = 3.0
# Of an answer only so much is read, and told.
ANSWER_BYTES = 1000

Signature = Callable[[bytes], Mapping[str, str]]
Judge = Callable[[int, str], bool]


def accepted(status: int, answer: str) -> bool:
    """What a provider takes for a good answer, as a rule."""
    return 200 <= status < 300


@dataclass(slots=True)
class Message:
    """One message. ``sign`` makes the headers of a delivery, anew for each; without a ``url`` there is none.

    ``judge`` tells from status and text whether an answer is a good one. ``deliveries`` are in order: the status of
    the answer, or None with the error's kind, whether it was good, and how long it took.
    """

    sequence: int
    at: str
    provider: str
    client_id: str
    url: str
    body: dict[str, Any]
    sign: Signature = field(repr=False)
    judge: Judge = accepted
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    waiting: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The message as JSON, without its signature."""
        return {
            "sequence": self.sequence,
            "at": self.at,
            "provider": self.provider,
            "kind": "webhook",
            "client_id": self.client_id,
            "url": self.url,
            "body": self.body,
            "waiting": self.waiting,
            "deliveries": list(self.deliveries),
        }


class Outbox:
    """Messages in order, and the thread that delivers them."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, message: Message) -> None:
        """Keep a message, and deliver it where it has a URL."""
        self.messages.append(message)
        if message.url:
            self.deliver(message)

    def deliver(self, message: Message) -> None:
        """Deliver it, once more where that has been done."""
        message.waiting += 1
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver_for_ever, name="sandbox-outbox", daemon=True)
            self._thread.start()
        self._queue.put(message)

    def close(self) -> None:
        """Deliver what waits, then end the thread."""
        self._queue.put(None)

    def _deliver_for_ever(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # a proxy set in the environment must not see loopback traffic
            while (message := self._queue.get()) is not None:
                message.deliveries.append(_post(session, message))
                message.waiting -= 1


def _post(session: requests.Session, message: Message) -> dict[str, Any]:
    body = json.dumps(message.body, separators=(",", ":"), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", **message.sign(body)}
    begun = time.monotonic()
    outcome: dict[str, Any] = {"status": None, "accepted": False}
    try:
        with session.post(
            message.url, data=body, headers=headers, timeout=ANSWER_SECONDS, allow_redirects=False, stream=True
        ) as answer:
            text = answer.raw.read(ANSWER_BYTES, decode_content=True).decode("utf-8", "replace")
            outcome = {"status": answer.status_code, "accepted": message.judge(answer.status_code, text)}
    except (requests.RequestException, OSError) as error:
        outcome["error"] = type(error).__name__
    return {**outcome, "milliseconds": round((time.monotonic() - begun) * 1000)}
