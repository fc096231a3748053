"""``python -m benchmarks.site.starting [--with-app]``: starts a site, prints what ``django.setup()`` cost, as JSON.

The site is what ``startproject`` makes, with a Celery application that has found its tasks. It costs milliseconds, and
modules that are loaded; of those that should come later, the names.
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
LATER = (
    *("requests", "urllib3", "oauthlib", "requests_oauthlib", "cryptography"),
    *("conferencing_app.providers.zoom", "conferencing_app.providers.base", "conferencing_app.http.outbound"),
    *("conferencing_app.engine", "conferencing_app.mails", "conferencing_app.provisioning", "conferencing_app.doctor"),
    *("conferencing_app.services.attaching", "conferencing_app.services.function", "conferencing_app.services.upsert"),
    *("conferencing_app.services.explain", "conferencing_app.services.linking", "conferencing_app.views"),
    "conferencing_app.admin.overview.page",
)


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
    before, begun = len(sys.modules), time.perf_counter()
    django.setup()
    seconds = time.perf_counter() - begun
    early = [name for name in LATER if name in sys.modules]
    print(json.dumps({"milliseconds": seconds * 1000, "modules": len(sys.modules) - before, "early": early}))


if __name__ == "__main__":
    main()
