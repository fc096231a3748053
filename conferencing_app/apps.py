from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConferencingConfig(AppConfig):
    name = "conferencing_app"
    label = "conferencing_app"
    verbose_name = _("Conferencing")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Only now can models be imported. And the bell while there is one thread: Celery's packages put other modules
        # in their places as they load, and of two threads that load them at once, one fails.
        from conferencing_app import checks, doorbell, receivers  # noqa: F401

        checks.register()
        receivers.connect()
