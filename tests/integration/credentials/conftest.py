"""A linked profile whose token has expired, and processes that want one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from conferencing_app import clock
from conferencing_app.models import ConferencingProfile, Grant
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.testing import LinkProfile

Refresher = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def profile(conferencing_sandbox: SandboxControl, link_profile: LinkProfile) -> ConferencingProfile:
    """Alice's, linked at a provider that ends the whole grant when a refresh token is used twice."""
    conferencing_sandbox.options(reuse_kills_family=True)
    return link_profile(get_user_model().objects.create_user("alice", "alice@example.com"))


@pytest.fixture
def expired(profile: ConferencingProfile) -> ConferencingProfile:
    """The same, its access token expired."""
    age(profile, timedelta(seconds=-1))
    return profile


def age(profile: ConferencingProfile, left: timedelta) -> None:
    """Let the profile's access token have this long to live, of the hour that it was given."""
    given = clock.now(left - timedelta(hours=1))
    Grant.objects.filter(profile=profile).update(expires_at=clock.now(left), refreshed_at=given)


@pytest.fixture
def refresher(conferencing_sandbox: SandboxControl) -> Iterator[Refresher]:
    """Starts processes, and sees to it that none is left."""
    started: list[subprocess.Popen[str]] = []

    def start(profile: ConferencingProfile, tasks: int, **environment: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.integration.credentials.refresher"]
        process = subprocess.Popen(
            [*command, conferencing_sandbox.url, str(profile.pk), str(tasks)],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
