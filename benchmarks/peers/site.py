"""What the sites of all peers share: Django as it starts a project, on the measurement's database and broker."""

from __future__ import annotations

import os
from pathlib import Path

import environ

VAR_DIR = Path(os.environ["DEMO_VAR_DIR"])
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": VAR_DIR / "peer.sqlite3",
    # The very options that the product's own site has.
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}

SECRET_KEY = "for a site that nobody can reach"
DEBUG = False
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Connections that are kept, as Django's documentation advises where there are workers.
KEPT = {"CONN_MAX_AGE": 600}
DATABASES = {
    "default": {**(environ.Env().db_url("DATABASE_URL") if os.environ.get("DATABASE_URL") else SQLITE), **KEPT}
}

SANDBOX_URL = os.environ["CONFERENCING_SANDBOX_URL"]
ZOOM_CLIENT_ID = os.environ["ZOOM_CLIENT_ID"]
ZOOM_CLIENT_SECRET = os.environ["ZOOM_CLIENT_SECRET"]
SITE_URL = os.environ["CONFERENCING_BASE_URL"]
