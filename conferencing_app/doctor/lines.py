"""The lines that people paste."""

from __future__ import annotations

from django.conf import settings as django_settings

from conferencing_app import conf, crypto
from conferencing_app.notifications import signing

PROVIDERS = (
    'CONFERENCING_PROVIDERS = {"zoom": {"BACKEND": "conferencing_app.providers.zoom.ZoomProvider", '
    '"OPTIONS": {"client_id": "...", "client_secret": "..."}}}'
)
BASE_URL = 'CONFERENCING_BASE_URL = "https://example.com"'
SANDBOX_URL = 'CONFERENCING_SANDBOX_URL = "http://127.0.0.1:8010"'
URLS = 'path("conferencing/", include("conferencing_app.urls")),'
WEBHOOK_NETWORKS = 'CONFERENCING_WEBHOOK_NETWORKS = ["10.1.0.0/16"]'
HTTP_PROXY = 'CONFERENCING_HTTP_PROXY = "http://proxy.internal:3128"'
PROXY_HEADER = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # if your proxy sets it, and only then'
PROXY_HOST = "USE_X_FORWARDED_HOST = True  # if your proxy sets it; or let it pass the Host header on as it came"
EMAIL_BACKEND = (
    'EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # with EMAIL_HOST, and EMAIL_TIMEOUT = 10'
)
MAILERS = (
    'MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", '
    '"OPTIONS": {"host": "localhost", "timeout": 10}}}  # where your mail server is, with username and password'
)
FROM_ADDRESS = 'DEFAULT_FROM_EMAIL = "conferencing@example.com"'
ADMINS = 'CONFERENCING_ADMINS = ["ops@example.com"]  # those who run the site; [] where nobody wants these mails'
CELERY_APP = "In the __init__.py beside your settings: from .celery import app as celery_app"
WAL = (
    '"OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, '
    '"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}'
)

SETTINGS = """\
# Where this site is reached from outside: workers have no request that would tell them.
CONFERENCING_BASE_URL = "{base_url}"

# Seals tokens in the database. Keep it secret and out of the repository; put a newer one in front, keep the older ones.
CONFERENCING_ENCRYPTION_KEYS = ["{key}"]

# What people may link, with this site's registration at each service.
CONFERENCING_PROVIDERS = {{
    "zoom": {{
        "BACKEND": "conferencing_app.providers.zoom.ZoomProvider",
        "OPTIONS": {{"client_id": "...", "client_secret": "..."}},
    }},
}}

# Signs what is posted to those who subscribe to single events.
CONFERENCING_WEBHOOK_SECRETS = ["{webhook_secret}"]

{sandbox}# Where the database is SQLite, in DATABASES["default"]:
#     {wal}

# In urls.py, in urlpatterns:
#     path("conferencing/", include("conferencing_app.urls")),
"""

SANDBOX = f"""\
# Only looked at under DEBUG: a sandbox stands in for the services, and needs no registration. Leave it out to use them.
{SANDBOX_URL}

"""


def encryption_keys() -> str:
    """The setting with a fresh key."""
    return f'CONFERENCING_ENCRYPTION_KEYS = ["{crypto.new_key()}"]  # a fresh one; keep it secret, and keep older ones'


def webhook_secrets() -> str:
    """The setting with a fresh secret."""
    return f'CONFERENCING_WEBHOOK_SECRETS = ["{signing.new_secret()}"]  # a fresh one; keep it secret'


def settings_block() -> str:
    """The settings of a new site, with a fresh key: Python, to paste into the settings.

    Under DEBUG the site is where runserver puts it, and the sandbox stands in, so that the block leads to a first
    conference as it stands.
    """
    here = django_settings.DEBUG
    return SETTINGS.format(
        base_url=conf.RUNSERVER_URL if here else "https://example.com",
        key=crypto.new_key(),
        webhook_secret=signing.new_secret(),
        sandbox=SANDBOX if here else "",
        wal=WAL,
    )
