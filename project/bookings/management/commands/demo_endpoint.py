"""Have everything that becomes of bookings and accounts posted somewhere."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from conferencing_app.services import endpoints


class Command(BaseCommand):
    help = "Has every notification posted to this address, and prints the secret that signs them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url")

    def handle(self, *args: Any, **options: Any) -> None:
        _, secret = endpoints.add(options["url"])
        self.stdout.write(secret)
