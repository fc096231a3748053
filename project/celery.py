"""The site's Celery application; the app's tasks are found by themselves."""

from __future__ import annotations

import os

from celery import Celery

from project import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

broker.install()
app = Celery("project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
