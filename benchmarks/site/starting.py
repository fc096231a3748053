"""``python -m benchmarks.site.starting [--with-app]``: starts a site, prints how long ``django.setup()`` took, as JSON.

The site is what ``startproject`` makes, with a Celery application that has found its tasks.
"""

from __future__ import annotations

import json
import sys
import time

import django
from celery import Celery
from django.conf import settings

SITE = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
ZOOM = {
    "BACKEND": "conferencing_app.providers.zoom.ZoomProvider",
    "OPTIONS": {"client_id": "id", "client_secret": "secret"},
}
LATER = ("requests", "oauthlib", "requests_oauthlib", "conferencing_app.providers.zoom")


def main() -> None:
    with_app = "--with-app" in sys.argv
    settings.configure(
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in SITE), *(["conferencing_app"] if with_app else [])],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SECRET_KEY="for a site that nobody can reach",
        CONFERENCING_PROVIDERS={"zoom": ZOOM},
    )
    app = Celery("site")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks()
    begun = time.perf_counter()
    django.setup()
    seconds = time.perf_counter() - begun
    print(json.dumps({"milliseconds": seconds * 1000, "early": [name for name in LATER if name in sys.modules]}))


if __name__ == "__main__":
    main()
