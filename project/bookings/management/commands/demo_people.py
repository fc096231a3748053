"""Make the people of the demo: Alice, Bob, and Sam with a fresh password for /admin/."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand

from project.bookings import people


class Command(BaseCommand):
    help = "Makes Alice and Bob, and Sam with a fresh password for /admin/, which it prints."

    def handle(self, *args: Any, **options: Any) -> None:
        for username in people.HOSTS:
            people.host(username)
        password = secrets.token_urlsafe(9)
        people.admin(password)
        self.stdout.write(f"{people.ADMIN} {password}")
