"""The site's own settings, as far as the checks do not look at them: its pages, its address, its mails, its broker."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from celery.app import app_or_default
from django.conf import global_settings
from django.conf import settings as django_settings
from django.http.request import validate_host
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from conferencing_app import addresses, doorbell, mails
from conferencing_app.conf import settings
from conferencing_app.doctor import lines
from conferencing_app.doctor.finding import ERROR, WARNING, Finding

# Django's backends that send nothing. Not locmem: it is what Django puts into the place of any other in tests.
SILENT_BACKENDS = ("console", "dummy", "filebased")


def pages() -> Iterator[Finding]:
    try:
        reverse("conferencing:profiles")
    except NoReverseMatch:
        message = "The app's pages are not in ROOT_URLCONF: nobody can link an account."
        yield Finding("conferencing.D001", ERROR, message, f"In urlpatterns: {lines.URLS}")


def sign_in() -> Iterator[Finding]:
    """Django's own LOGIN_URL, unless the site has a page there, leads people who want to link into nothing."""
    if django_settings.LOGIN_URL != global_settings.LOGIN_URL:
        return
    try:
        resolve(resolve_url(django_settings.LOGIN_URL))
    except Resolver404:
        message = "LOGIN_URL leads nowhere: people who are not signed in find no page when they want to link."
        yield Finding("conferencing.D002", WARNING, message, 'LOGIN_URL = "/admin/login/"  # or your own page')


def address() -> Iterator[Finding]:
    """Whether people and providers can come where BASE_URL sends them."""
    host = _host_of_site()
    if not host:
        return  # said by the checks
    if not django_settings.DEBUG and _is_inside(host):
        message = f"CONFERENCING_BASE_URL names {host}, where nobody outside this network comes."
        yield Finding("conferencing.D017", ERROR, message, lines.BASE_URL)
    elif not _is_allowed(host):
        message = f"ALLOWED_HOSTS lacks {host}: people who come back from a provider get an error 400."
        yield Finding("conferencing.D010", ERROR, message, f"ALLOWED_HOSTS = [{host!r}]  # beside those that are there")


def proxy_header() -> Iterator[Finding]:
    """Django looks the header up as WSGI spells it; in any other spelling it never comes."""
    header: Any = django_settings.SECURE_PROXY_SSL_HEADER
    if header and not str(header[0]).startswith("HTTP_"):
        message = f"SECURE_PROXY_SSL_HEADER names {header[0]!r}, which no request has: each counts as not secure."
        yield Finding("conferencing.D011", ERROR, message, lines.PROXY_HEADER)


def mail() -> Iterator[Finding]:
    if django_settings.DEBUG:
        return  # a developer reads mails where they like
    server = mails.mail_server()
    kind = server.backend.removeprefix("django.core.mail.backends.").partition(".")[0]
    if not server.backend:
        message = "MAILERS has no default: the mails by which people verify themselves are not sent."
        yield Finding("conferencing.D015", ERROR, message, lines.MAILERS)
    elif kind in SILENT_BACKENDS:
        setting, line = ("MAILERS", lines.MAILERS) if server.mailers else ("EMAIL_BACKEND", lines.EMAIL_BACKEND)
        message = f"{setting} has Django's {kind} backend: the mails by which people verify themselves are not sent."
        yield Finding("conferencing.D015", ERROR, message, line)
    elif django_settings.DEFAULT_FROM_EMAIL == global_settings.DEFAULT_FROM_EMAIL:
        message = f"Mails come from {global_settings.DEFAULT_FROM_EMAIL}, Django's example: mail servers refuse it."
        yield Finding("conferencing.D016", WARNING, message, lines.FROM_ADDRESS)


def administrators() -> Iterator[Finding]:
    """Whether anybody is told of what only administrators can cure. Who sets CONFERENCING_ADMINS, be it to nothing, has
    decided."""
    if django_settings.DEBUG or hasattr(django_settings, "CONFERENCING_ADMINS") or mails.admin_addresses():
        return
    message = "ADMINS is empty: nobody is told by mail of what only administrators can cure."
    yield Finding("conferencing.D019", WARNING, message, lines.ADMINS)


def broker() -> Iterator[Finding]:
    """A broker in the settings that this process does not know: the Celery application was not imported."""
    if getattr(django_settings, "CELERY_BROKER_URL", "") and not doorbell.configured(app_or_default()):
        message = "CELERY_BROKER_URL is set, but the site's processes do not know it: they ring for no worker."
        yield Finding("conferencing.D009", WARNING, message, lines.CELERY_APP)


def _host_of_site() -> str:
    try:
        return urlsplit(str(settings.BASE_URL)).hostname or ""
    except ValueError:
        return ""


def _is_inside(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return addresses.is_loopback(host)
    return not addresses.is_public(host)


def _is_allowed(host: str) -> bool:
    allowed = django_settings.ALLOWED_HOSTS
    if django_settings.DEBUG and not allowed:
        allowed = [".localhost", "127.0.0.1", "[::1]"]
    return validate_host(f"[{host}]" if ":" in host else host, allowed)


LOOKS = (pages, sign_in, address, proxy_header, mail, administrators, broker)
