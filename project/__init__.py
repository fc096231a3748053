"""The demo site: a small booking site that uses the app as any host would."""

from __future__ import annotations

from project.celery import app as celery_app

__all__ = ["celery_app"]
