"""Run Django's deployment checks on the demo site as it would run in production.

.venv/bin/python scripts/check_deploy.py
"""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "DJANGO_DEBUG": "0",
    "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
    "DJANGO_ALLOWED_HOSTS": "example.org",
    "CONFERENCING_BASE_URL": "https://example.org",
    "CONFERENCING_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("="),
    "CONFERENCING_SANDBOX_URL": "",
    "CELERY_BROKER_URL": "redis://127.0.0.1:6379/0",  # only named; nothing connects to it
    "ZOOM_CLIENT_ID": "check",
    "ZOOM_CLIENT_SECRET": "check",
}


def main() -> int:
    command = [sys.executable, str(ROOT / "manage.py"), "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=os.environ | PRODUCTION, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
