"""What the demo's site has before it starts, made by one process: tables, people, and where it posts to."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Migrates, and then does what demo_people and demo_endpoint do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="has every notification posted to it")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        call_command("demo_people", stdout=self.stdout)
        call_command("demo_endpoint", options["url"], stdout=self.stdout)
