"""Everything that the story needs, running: sandbox, database, site and a Celery worker, on free ports."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from conferencing_app.sandbox.client import SandboxControl, SandboxProcess, SandboxStartError, start_sandbox
from conferencing_app.sandbox.faults import ENVIRONMENT_VARIABLE
from project.demo.processes import Leashed, StartFailed, free_port, run
from project.demo.receiver import Receiver

CLIENT_ID = "hourglass-bookings"
WORKER = ["celery", "-A", "project", "worker", "--pool=threads", "--concurrency=4", "--loglevel=INFO"]
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
# Whatever stands in .env or in the shell, the demo brings its own; a blank value stands for the site's default.
NEUTRAL = dict.fromkeys(("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SECRET_KEY", "DJANGO_TIME_ZONE"), "")
NEUTRAL |= dict.fromkeys(("DJANGO_ALLOWED_HOSTS", "CONFERENCING_ENCRYPTION_KEYS", "DJANGO_EMAIL_BACKEND"), "")
NEUTRAL |= {"ZOOM_WEBHOOK_SECRET_TOKEN": ""}
_direct = build_opener(ProxyHandler({}))  # a proxy of the environment has no business on loopback


@dataclass
class Stage:
    """What is running, and where."""

    folder: Path
    site: str
    sandbox: SandboxProcess
    web: Leashed
    worker: Leashed
    receiver: Receiver
    admin: str
    password: str
    environment: dict[str, str] = field(repr=False)  # it holds secrets

    @property
    def mails(self) -> Path:
        """The folder that mails are written to."""
        return self.folder / "mail"

    @property
    def control(self) -> SandboxControl:
        return self.sandbox.control


@contextmanager
def set_up(folder: Path, *, site_port: int = 0, sandbox_port: int = 0) -> Iterator[Stage]:
    """Start all, with everything they write in ``folder``; end all when the block ends.

    The ports are wishes: where one is taken, or 0, any free one is used. Raises StartFailed with the reason.
    """
    folder.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(32)
    port = free_port(site_port)
    site = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        sandbox = stack.enter_context(_start_sandbox(site, secret, free_port(sandbox_port)))
        environment = {
            **os.environ,
            **NEUTRAL,
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DJANGO_DEBUG": "1",
            "DEMO_VAR_DIR": str(folder),
            "DJANGO_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "CONFERENCING_BASE_URL": site,
            "CONFERENCING_SANDBOX_URL": sandbox.url,
            "ZOOM_CLIENT_ID": CLIENT_ID,
            "ZOOM_CLIENT_SECRET": secret,
            "PYTHONUNBUFFERED": "1",
        }
        receiver = stack.enter_context(Receiver())
        admin, password, receiver.secret = run(["manage.py", "demo_set_up", receiver.url], environment).split()
        serve = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
        web = Leashed("site", serve, environment, folder / "site.log")
        stack.callback(web.stop)
        worker = Leashed("worker", [sys.executable, "-m", *WORKER, *QUIET], environment, folder / "worker.log")
        stack.callback(worker.stop)
        stack.callback(web.release)  # so that both are ending before either is waited for
        web.wait_until(lambda: answers(f"{site}/sign-in/"))
        worker.wait_until(lambda: b" ready." in worker.log.read_bytes())
        yield Stage(folder, site, sandbox, web, worker, receiver, admin, password, environment)


def _start_sandbox(site: str, secret: str, port: int) -> SandboxProcess:
    faults = os.environ.get(ENVIRONMENT_VARIABLE, "")
    try:
        return start_sandbox(
            client_id=CLIENT_ID,
            client_secret=secret,
            redirect_uris=[f"{site}/conferencing/callback/zoom/"],
            webhook_url=f"{site}/conferencing/inbound/zoom/",
            faults=faults,
            port=port,
        )
    except SandboxStartError as error:
        raise StartFailed(str(error)) from error


def answers(url: str) -> bool:
    """Whether there is a page."""
    try:
        with _direct.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
