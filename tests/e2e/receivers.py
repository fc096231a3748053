"""What the site that the crash tests run does with every signal: it writes down what it hears."""

from __future__ import annotations

from typing import Any

from conferencing_app import signals
from tests.hosts.models import Heard

SIGNALS = [signal for signal in vars(signals).values() if isinstance(signal, signals.NotificationSignal)]


def write_down(notification_id: str, sequence: int, **_: Any) -> None:
    """In no transaction: what was heard stays heard, whatever becomes of this process."""
    Heard.objects.create(notification=notification_id, sequence=sequence)


def connect() -> None:
    for signal in SIGNALS:
        signal.connect(write_down)
