"""Safe defaults: development needs nothing, production goes without nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from project.demo.processes import ROOT
from project.keeping import kept_secret
from tests.integration.demo_site.serving import environment

PRODUCTION = {
    "DJANGO_DEBUG": "0",
    "DJANGO_SECRET_KEY": "k" * 30 + "0123456789-abcdefghij-ABCDEFGHIJ",
    "DJANGO_ALLOWED_HOSTS": "example.org",
    "CONFERENCING_BASE_URL": "https://example.org",
    "CONFERENCING_ENCRYPTION_KEYS": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "ZOOM_CLIENT_ID": "an-id",
    "ZOOM_CLIENT_SECRET": "a-secret",
    "DATABASE_URL": "",
    "CELERY_BROKER_URL": "",
}


def python(code: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line with the site's settings, its files in a folder of its own."""
    variables = {**variables, "DJANGO_SETTINGS_MODULE": "project.settings", "DEMO_VAR_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings; {code}"],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "name",
    [
        "DJANGO_SECRET_KEY",
        "CONFERENCING_BASE_URL",
        "CONFERENCING_ENCRYPTION_KEYS",
        "ZOOM_CLIENT_ID",
        "ZOOM_CLIENT_SECRET",
    ],
)
def test_production_names_what_it_misses(tmp_path: Path, name: str) -> None:
    done = python("settings.DEBUG", tmp_path, **{**PRODUCTION, name: ""})
    assert done.returncode != 0
    assert f"Set {name}:" in done.stderr
    assert not list(tmp_path.glob("*key*")), "production makes no key of its own"


def test_production_is_closed(tmp_path: Path) -> None:
    names = ["SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS"]
    names += ["DEBUG", "CONFERENCING_SANDBOX_URL"]
    code = f"print(*(bool(getattr(settings, name, False)) for name in {names}))"
    done = python(code, tmp_path, **PRODUCTION, CONFERENCING_SANDBOX_URL="http://127.0.0.1:8080")
    assert done.stdout.split() == ["True"] * 4 + ["False"] * 2, done.stderr


def test_deployment_checks_are_clean() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/check_deploy.py"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_development_makes_its_own_keys_and_keeps_them(tmp_path: Path) -> None:
    blank = dict.fromkeys([*PRODUCTION, "CONFERENCING_SANDBOX_URL"], "")
    code = "print(settings.SECRET_KEY, *settings.CONFERENCING_ENCRYPTION_KEYS, settings.CELERY_BROKER_URL)"
    first, second = (python(code, tmp_path, **blank).stdout.split() for _ in range(2))
    assert first == second
    assert first[2] == "filesystem://"
    other = python(code, tmp_path / "other", **blank).stdout.split()
    assert other[:2] != first[:2], "another checkout has other keys"


def test_a_kept_secret_is_made_once_however_many_ask(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret"
    made = iter(range(1000))
    start = threading.Barrier(8)
    seen: list[str] = []

    def ask() -> None:
        start.wait()
        seen.append(kept_secret(path, lambda: f"secret {next(made)}"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert set(seen) == {path.read_text()}
    assert path.stat().st_mode & 0o077 == 0, "only its owner may read it"
    assert [file.name for file in path.parent.iterdir()] == ["secret"]
