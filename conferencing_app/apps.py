from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConferencingConfig(AppConfig):
    name = "conferencing_app"
    label = "conferencing_app"
    verbose_name = _("Conferencing")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Only now can models be imported.
        from conferencing_app import checks, receivers

        checks.register()
        receivers.connect()
