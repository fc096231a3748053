"""What a host's own test cases have of the sandbox, without pytest's fixtures."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.test import TestCase, TransactionTestCase
from django.utils import timezone

from conferencing_app.testing import SandboxMixin, drain
from tests.hosts.models import Webinar

WITHOUT_PYTEST = """
import sys
sys.modules["pytest"] = None  # as where it is not installed
import django
django.setup()
from conferencing_app.testing import SandboxMixin, drain
"""


class Steps(SandboxMixin):
    def test_an_event_gets_a_meeting_of_its_own(self) -> None:
        host = get_user_model().objects.create_user("alice")
        profile = self.link_profile(host)
        when = timezone.now() + timedelta(days=1)
        webinar = Webinar.objects.create(host=host, name="Algebra", when=when)
        drain()
        webinar.refresh_from_db()
        assert webinar.conferencing.state == "assigned", webinar.conferencing.cause
        (meeting,) = self.sandbox.live_meetings()
        assert meeting["join_url"] == webinar.conferencing.join_url
        linked, assigned = self.notifications
        assert [linked.type, assigned.type] == ["conferencing_profile_linked", "conferencing_assigned"]
        assert [linked.profile, assigned.event] == [profile, webinar]

    def test_each_test_has_the_sandbox_as_it_is_at_its_start(self) -> None:
        assert self.sandbox.live_meetings() == []
        assert self.notifications == []


class InOneTransactionTests(Steps, TestCase):
    pass


class InTransactionsOfItsOwnTests(Steps, TransactionTestCase):
    pass


def test_a_host_without_pytest_has_it_too() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_PYTEST], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
