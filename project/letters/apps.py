from __future__ import annotations

from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "project.letters"
    label = "letters"

    def ready(self) -> None:
        from project.letters import receivers  # noqa: F401
