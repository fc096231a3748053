from __future__ import annotations

import os
import secrets
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.http import QueryDict

from benchmarks.site.people import new_account
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import linking


class Command(BaseCommand):
    help = "Makes hosts, each with a Zoom account of their own at the sandbox, linked through its consent page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int)

    def handle(self, *args: Any, count: int, **options: Any) -> None:
        sandbox = SandboxControl(os.environ["CONFERENCING_SANDBOX_URL"])
        for number in range(count):
            link(sandbox, get_user_model().objects.create_user(f"host{number}"), new_account(sandbox, number))


def link(sandbox: SandboxControl, host: Any, account: str) -> None:
    """As a person does it: to the consent page, approve, and back."""
    browser = secrets.token_urlsafe(32)
    answer = sandbox.approve(linking.start(host, "zoom", browser=browser), account)
    query = QueryDict(urlsplit(answer).query)
    linking.finish(host, "zoom", browser=browser, query=query, absolute_uri=answer)
