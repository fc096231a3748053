"""How this site is called in mails and on pages, and where its pages are."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings as django_settings

from conferencing_app.conf import settings


def site_name() -> str:
    """How this site is called: SITE_NAME, the current site's name, or the host of BASE_URL."""
    return settings.SITE_NAME or _name_of_current_site() or urlsplit(settings.BASE_URL).netloc


def site_url(path: str) -> str:
    """The complete address of a path of this site; empty for none."""
    return settings.BASE_URL.rstrip("/") + path if path else ""


def _name_of_current_site() -> str:
    """That of SITE_ID or, without one, of the host, by which Django itself then knows the site."""
    if not apps.is_installed("django.contrib.sites"):
        return ""
    key, address = getattr(django_settings, "SITE_ID", None), urlsplit(settings.BASE_URL)
    sites = apps.get_app_config("sites").get_model("Site")._default_manager
    current = sites.filter(pk=key) if key else sites.filter(domain__in=[address.netloc, address.hostname])
    return str(current.values_list("name", flat=True).first() or "")
