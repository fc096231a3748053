"""One refresh for everybody: whoever else wants the token waits for it, and a killed one is survived."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from conferencing_app import clock
from conferencing_app.exceptions import ProviderError
from conferencing_app.models import ConferencingProfile, Grant
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.services import credentials, grants

from .conftest import Refresher

pytestmark = pytest.mark.django_db(transaction=True)


def test_four_processes_of_fifty_tasks_refresh_once(
    conferencing_sandbox: SandboxControl,
    expired: ConferencingProfile,
    refresher: Refresher,
    record_property: Callable[[str, object], None],
) -> None:
    processes = [refresher(expired, 50) for _ in range(4)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in processes]
    results = [json.loads(output) for output, _ in answers]
    calls = conferencing_sandbox.requests("token.refresh")
    record_property("refreshes", len(calls))
    record_property("failures", sum(len(result["errors"]) for result in results))
    assert results == [{"served": 50, "errors": []}] * 4
    assert [call["status"] for call in calls] == [200]
    assert Grant.objects.get().lease_until is None


@pytest.mark.parametrize(
    ("point", "ends"),
    [
        ("refresh.before_call", "connected"),
        ("refresh.after_call", "disconnected"),  # the new pair died with the process, and the old one is spent
        ("refresh.after_commit", "connected"),
    ],
)
def test_a_kill_during_a_refresh_ends_usable_or_disconnected(
    conferencing_sandbox: SandboxControl,
    expired: ConferencingProfile,
    refresher: Refresher,
    tmp_path: Path,
    point: str,
    ends: str,
) -> None:
    log = tmp_path / "failpoints"
    armed = {"CONFERENCING_FAILPOINTS": f"{point}=kill", "CONFERENCING_FAILPOINT_LOG": str(log)}
    process = refresher(expired, 1, **armed)
    process.communicate("go\n", timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert log.read_text() == f"{point}\n"

    with clock.travel(credentials.LEASE + timedelta(seconds=1)):
        for _ in range(5):
            try:
                grants.flow_of("zoom").identify(credentials.access_token(expired.pk))
            except ProviderError:
                continue
    expired.refresh_from_db()
    assert expired.state == ends
    assert len(conferencing_sandbox.requests("token.refresh")) <= 2


def test_a_dead_holders_lease_keeps_the_others_waiting_no_longer_than_it_lasts(
    conferencing_sandbox: SandboxControl, expired: ConferencingProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert credentials.begin_refresh(expired.pk)
    assert credentials.begin_refresh(expired.pk) is None
    monkeypatch.setattr(credentials, "WAIT_SECONDS", 0.2)
    with pytest.raises(ProviderError):
        credentials.access_token(expired.pk)
    assert conferencing_sandbox.requests("token.refresh") == []
    with clock.travel(credentials.LEASE + timedelta(seconds=1)):
        assert credentials.access_token(expired.pk)
    assert len(conferencing_sandbox.requests("token.refresh")) == 1
