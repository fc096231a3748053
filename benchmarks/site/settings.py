"""The demo site's settings, with a model and commands for measuring; BENCHMARK_NO_BROKER=1 takes the broker away.

DEBUG is off, as in the peers' sites: under it Django keeps the text of every statement.
"""

from __future__ import annotations

import os

from project.settings import *  # noqa: F403 - a variant of those
from project.settings import CONFERENCING_PROVIDERS as SITE_PROVIDERS
from project.settings import INSTALLED_APPS as SITE_APPS

# Without its letters: what is measured is what the app does, not what a site does afterwards.
INSTALLED_APPS = [*(app for app in SITE_APPS if app != "project.letters"), "benchmarks.site"]

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]

CELERY_TASK_DEFAULT_QUEUE = os.environ.get("BENCHMARK_QUEUE", "celery")

if os.environ.get("BENCHMARK_NO_BROKER"):
    CELERY_BROKER_URL = ""

CONFERENCING_SANDBOX_URL = ""
CONFERENCING_PROVIDERS = {"zoom": {**SITE_PROVIDERS["zoom"], "BACKEND": "benchmarks.site.zoom.SandboxedZoom"}}
# How many calls a worker makes side by side, and how many may be under way at the provider at once.
CONFERENCING_POOL_SIZE = int(os.environ.get("BENCHMARK_POOL_SIZE", "16"))
CONFERENCING_PROVIDER_CONCURRENCY = 256
