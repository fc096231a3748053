"""Virtual time, here and at the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from conferencing_app import clock
from conferencing_app.sandbox.client import SandboxControl


@dataclass
class Days:
    """The app's time and the sandbox's, moved on together."""

    sandbox: SandboxControl

    def next(self) -> datetime:
        """The first second of the next UTC day."""
        midnight = datetime.fromisoformat(self.sandbox.advance_to_next_utc_midnight()).replace(microsecond=0)
        clock.offset += midnight - clock.read("default") + timedelta(seconds=1)
        return midnight

    def refused(self) -> int:
        """How many calls the provider has turned away for today's count."""
        return sum(request["status"] == 429 for request in self.sandbox.requests())

    def move_to(self, moment: datetime) -> None:
        """Let time pass until then."""
        step = moment - clock.read("default")
        clock.offset += step
        self.sandbox.advance(step.total_seconds())
