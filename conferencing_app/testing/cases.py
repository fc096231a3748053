"""The same for Django's own TestCase, without pytest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.test import TestCase, override_settings

from conferencing_app.models import ConferencingProfile
from conferencing_app.sandbox.client import SandboxControl, start_sandbox
from conferencing_app.testing import site
from conferencing_app.testing.site import CLIENT_ID, CLIENT_SECRET, DEFAULT_ACCOUNT, Told

if TYPE_CHECKING:
    Case = TestCase
else:
    Case = object  # so that it goes beside each of Django's


class SandboxMixin(Case):
    """A sandbox for Django's own TestCase or TransactionTestCase: ``class LessonTests(SandboxMixin, TestCase)``.

    One process for the class. In each test ``self.sandbox`` is its control client, in its state at start, and
    ``self.notifications`` the signals that ``drain()`` has sent, in order. A ``setUp`` of your own calls
    ``super().setUp()`` first.
    """

    sandbox: SandboxControl
    notifications: list[Told]

    @classmethod
    def setUpClass(cls) -> None:
        base_url = site.site_base_url()
        cls.sandbox = cls.enterClassContext(start_sandbox(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)).control
        site_at_sandbox = site.sandbox_settings(cls.sandbox.url, base_url)
        cls.enterClassContext(override_settings(DEBUG=True, **site_at_sandbox))  # a sandbox is only used under DEBUG
        super().setUpClass()

    def setUp(self) -> None:
        super().setUp()
        site.begin(self.sandbox, site.site_base_url())
        self.notifications = self.enterContext(site.overhear_signals())

    def link_profile(
        self, user: Any, account: str = DEFAULT_ACCOUNT, *, untick: Sequence[str] = ()
    ) -> ConferencingProfile:
        """Link an account of the sandbox to a person, through its consent page; returns the profile.

        Raises LinkError where a person would be refused; ``untick`` names scopes that the person does not allow.
        """
        return site.link_account(self.sandbox, user, account, untick)
