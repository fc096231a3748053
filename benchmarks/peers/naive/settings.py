"""Celery as it comes, but for results, which nobody reads."""

from __future__ import annotations

import os

from benchmarks.peers.site import *  # noqa: F403 - what the peers share

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "benchmarks.site",
    "benchmarks.peers.naive",
]
CELERY_BROKER_URL = os.environ["CELERY_BROKER_URL"]
CELERY_TASK_DEFAULT_QUEUE = os.environ["BENCHMARK_QUEUE"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
