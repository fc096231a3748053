from __future__ import annotations

from django.apps import AppConfig


class NaiveConfig(AppConfig):
    name = "benchmarks.peers.naive"
    label = "naive"

    def ready(self) -> None:
        # Only now can models be imported.
        from benchmarks.peers.naive import receivers

        receivers.connect()
