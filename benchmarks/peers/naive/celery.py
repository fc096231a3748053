"""As in Celery's "First steps with Django"."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.naive.settings")

app = Celery("naive")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Else each task would open a connection to the database of its own, at three times the time of all the rest.
app.conf.update(CELERY_DB_REUSE_MAX=1_000_000)
