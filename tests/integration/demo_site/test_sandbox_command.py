"""``manage.py conferencing_sandbox`` knows the site that it is started for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from conferencing_app.sandbox.client import SandboxControl
from project.demo.processes import ROOT, Leashed, free_port
from tests.integration.demo_site.serving import environment

COMMAND = [sys.executable, "manage.py", "conferencing_sandbox"]
BLANK = dict.fromkeys(["DJANGO_DEBUG", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "CONFERENCING_ENCRYPTION_KEYS"], "")


def variables(folder: Path, **changes: str) -> dict[str, str]:
    own = {"DEMO_VAR_DIR": str(folder), "CONFERENCING_BASE_URL": "http://127.0.0.1:4321"}
    return environment(**{**BLANK, **own, **changes})


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_control/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_it_listens_where_the_site_looks_and_knows_its_client(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    given = variables(tmp_path, CONFERENCING_SANDBOX_URL=url)
    sandbox = Leashed("sandbox", [*COMMAND, "--log", str(tmp_path / "requests.jsonl")], given, tmp_path / "log")
    try:
        sandbox.wait_until(lambda: answers(url))
        (client,) = SandboxControl(url).state()["clients"]
        assert client["client_id"] == "demo-site"
        assert client["redirect_uris"] == ["http://127.0.0.1:4321/conferencing/callback/zoom/"]
        assert client["webhook_url"] == "http://127.0.0.1:4321/conferencing/inbound/zoom/"
    finally:
        sandbox.stop()
    assert not answers(url)
    assert (tmp_path / "requests.jsonl").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CONFERENCING_SANDBOX_URL": "https://127.0.0.1:8080"}, "CONFERENCING_SANDBOX_URL"),
        ({"CONFERENCING_SANDBOX_URL": "http://127.0.0.1"}, "CONFERENCING_SANDBOX_URL"),
        ({"CONFERENCING_SANDBOX_URL": "http://127.0.0.1:1", "CONFERENCING_SANDBOX_FAULTS": "odd"}, "refuse-creates"),
    ],
)
def test_what_it_can_not_use_is_told(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=variables(tmp_path, **changes), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
