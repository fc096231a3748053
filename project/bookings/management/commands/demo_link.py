"""Ask for an account to be linked, as another application of this site's would."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from conferencing_app.services import linking
from project.bookings import people


class Command(BaseCommand):
    help = "Makes a link by which Alice or Bob links a conferencing account, and prints it. It opens in any browser."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", choices=sorted(people.HOSTS))
        parser.add_argument("--application", default="Wren Scheduler", help="who asks, as the pages say")

    def handle(self, *args: Any, **options: Any) -> None:
        application = linking.Application(options["application"], "/static/site/hourglass.svg")
        user = people.host(options["username"])
        self.stdout.write(linking.request_link(user, reverse("bookings:list"), application=application))
