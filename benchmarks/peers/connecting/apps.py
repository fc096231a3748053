from __future__ import annotations

from django.apps import AppConfig


class ConnectingConfig(AppConfig):
    name = "benchmarks.peers.connecting"
    label = "connecting"

    def ready(self) -> None:
        # Only now can models be imported.
        from benchmarks.peers.connecting import sandbox

        sandbox.stand_in()
