from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser

from benchmarks.peers.naive.models import ZoomAccount
from benchmarks.peers.naive.sessions import new_session
from benchmarks.peers.site import SANDBOX_URL, SITE_URL, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET
from benchmarks.site.people import new_account
from conferencing_app.sandbox.client import SandboxControl


class Command(BaseCommand):
    help = "Makes hosts, each with a Zoom account of their own at the sandbox, linked through its consent page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int)

    def handle(self, *args: Any, count: int, **options: Any) -> None:
        sandbox = SandboxControl(SANDBOX_URL)
        for number in range(count):
            session = new_session(redirect_uri=f"{SITE_URL}/conferencing/callback/zoom/")
            url, _state = session.authorization_url(f"{SANDBOX_URL}/zoom/oauth/authorize")
            token = session.fetch_token(
                f"{SANDBOX_URL}/zoom/oauth/token",
                authorization_response=sandbox.approve(url, new_account(sandbox, number)),
                auth=(ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET),
            )
            user = get_user_model().objects.create_user(f"host{number}")
            ZoomAccount.objects.create(user=user, token=token)
