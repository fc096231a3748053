"""A person links an account through a site's pages, as a browser would; the provider is asked over real HTTP."""

from __future__ import annotations

import json
import os
import time
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.site.people import new_account
from conferencing_app.sandbox.client import SandboxControl

# Linked before the one that counts: what a process loads once is loaded then.
WARM_UP = 2
FIRST_ACCOUNT = 10_000  # beyond the hosts
# What begins and ends a transaction is no query; some drivers do not even show it.
TRANSACTIONS = {"BEGIN", "COMMIT"}


class LinkCommand(BaseCommand):
    """From the press of the button to the page that lists the account."""

    start: ClassVar[str]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("round", type=int)

    def handle(self, *args: Any, round: int, **options: Any) -> None:
        sandbox = SandboxControl(os.environ["CONFERENCING_SANDBOX_URL"])
        first = FIRST_ACCOUNT + round * (WARM_UP + 1)
        for number in range(first, first + WARM_UP + 1):
            linked = self.link(sandbox, number)
        dump = dumped()
        shown = any(token in dump for token in self.tokens())
        self.stdout.write(json.dumps({**linked, "shown": shown, "tokens": len(self.tokens())}))

    def link(self, sandbox: SandboxControl, number: int) -> dict[str, Any]:
        account = new_account(sandbox, number)
        browser = Client(headers={"host": "127.0.0.1:8000"})
        browser.force_login(get_user_model().objects.create_user(f"person{number}"))
        begun = time.perf_counter()
        with CaptureQueriesContext(connection) as queries:
            consent = browser.post(self.start)["Location"]
            asked = time.perf_counter()
            answer = urlsplit(sandbox.approve(consent, account))
            approved = time.perf_counter()
            page = browser.get(f"{answer.path}?{answer.query}", follow=True)
        seconds = time.perf_counter() - begun - (approved - asked)
        if page.status_code != 200 or account not in page.content.decode():
            raise RuntimeError(f"{account} is not listed: {page.status_code} after {page.redirect_chain}")
        statements = [query["sql"] for query in queries if query["sql"].partition(" ")[0] not in TRANSACTIONS]
        return {"queries": len(statements), "milliseconds": seconds * 1000}

    def tokens(self) -> list[str]:
        """Every token that the site stores, as the provider gave it."""
        raise NotImplementedError


def dumped() -> str:
    """All rows of all tables, as text."""
    with connection.cursor() as cursor:
        parts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            parts.append(repr(cursor.fetchall()))
    return "\n".join(parts)
