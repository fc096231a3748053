from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The site whose processes are killed."""

    name = "tests.e2e"
    label = "e2e"

    def ready(self) -> None:
        from tests.e2e import receivers

        receivers.connect()
