"""Settings of the demo site. Everything comes from the environment or ``.env`` (see ``.env.example``).

Without any of it the site runs for development on this machine alone: SQLite, Celery on a folder, keys of its own.
With DJANGO_DEBUG=0 it runs for production: secure cookies and HTTPS, and nothing secret has a default.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from conferencing_app.crypto import new_key
from project.keeping import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")


def given(name: str) -> str:
    """The value of an environment variable; a blank one counts as absent."""
    return str(env.str(name, default="")).strip()


def required(name: str) -> str:
    """The value of a variable that production can't do without."""
    if value := given(name):
        return value
    raise ImproperlyConfigured(f"Set {name}: with DJANGO_DEBUG=0 it has no default. .env.example says how.")


# What this checkout makes for itself: database, broker folders, keys.
VAR_DIR = Path(given("DEMO_VAR_DIR") or BASE_DIR / "var")
VAR_DIR.mkdir(parents=True, exist_ok=True)

# Development is the default, and safe as such: with DEBUG on, Django answers loopback host names only.
DEBUG = given("DJANGO_DEBUG").lower() not in ("0", "false", "no", "off")

SECRET_KEY = given("DJANGO_SECRET_KEY") or (
    kept_secret(VAR_DIR / "secret-key", lambda: secrets.token_urlsafe(64)) if DEBUG else required("DJANGO_SECRET_KEY")
)
ALLOWED_HOSTS = [host for host in given("DJANGO_ALLOWED_HOSTS").split(",") if host]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "conferencing_app",
    "project.bookings",
    "project.letters",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "project.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# The site's own folder comes first: a template of the same name there replaces the app's.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "bookings:list"
LOGOUT_REDIRECT_URL = "sign_in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = given("DJANGO_TIME_ZONE") or "Europe/London"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

EMAIL_BACKEND = given("DJANGO_EMAIL_BACKEND") or "django.core.mail.backends.console.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"  # for the backend that writes mails to files
EMAIL_TIMEOUT = 10


# Database ------------------------------------------------------------------------------------------------------------

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": VAR_DIR / "demo.sqlite3",
    "OPTIONS": {
        # Writers take turns from the start of a transaction instead of failing in the middle of it.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
DATABASES = {"default": {**(env.db_url("DATABASE_URL") if given("DATABASE_URL") else SQLITE), "ATOMIC_REQUESTS": True}}


# Celery --------------------------------------------------------------------------------------------------------------
# Without CELERY_BROKER_URL messages are files in a folder, so no server is needed. The settings are those that the
# app recommends; nothing depends on them, as the work is in the database and a message only says "look now".

BROKER_DIR = VAR_DIR / "broker"
BROKER_OPTIONS = {
    "filesystem": {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    },
    "redis": {"visibility_timeout": 600, "unacked_restore_interval": 5, "unacked_restore_throttle": 1},
    "amqp": {"confirm_publish": True},
}

CELERY_BROKER_URL = given("CELERY_BROKER_URL") or "filesystem://"
BROKER_SCHEME = CELERY_BROKER_URL.partition(":")[0]
if BROKER_SCHEME == "filesystem":
    for folder in ("messages", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)

CELERY_BROKER_TRANSPORT_OPTIONS = BROKER_OPTIONS.get(BROKER_SCHEME.removesuffix("s"), {})
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 180
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Folders are no place for the worker's gossip: its reply queues would stay behind.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = BROKER_SCHEME != "filesystem"


# Conferencing --------------------------------------------------------------------------------------------------------

CONFERENCING_BASE_URL = given("CONFERENCING_BASE_URL") or (
    "http://127.0.0.1:8000" if DEBUG else required("CONFERENCING_BASE_URL")
)
CONFERENCING_ENCRYPTION_KEYS = [key for key in given("CONFERENCING_ENCRYPTION_KEYS").split(",") if key] or [
    kept_secret(VAR_DIR / "encryption-key", new_key) if DEBUG else required("CONFERENCING_ENCRYPTION_KEYS")
]
CONFERENCING_SITE_NAME = "Hourglass"
CONFERENCING_SUPPORT_CONTACT = "support@example.com"
CONFERENCING_PROVIDERS: dict[str, dict[str, Any]] = {
    "zoom": {
        "BACKEND": "conferencing_app.providers.zoom.ZoomProvider",
        "OPTIONS": {
            "client_id": given("ZOOM_CLIENT_ID") or ("demo-site" if DEBUG else required("ZOOM_CLIENT_ID")),
            "client_secret": given("ZOOM_CLIENT_SECRET")
            or (
                kept_secret(VAR_DIR / "sandbox-client-secret", lambda: secrets.token_urlsafe(32))
                if DEBUG
                else required("ZOOM_CLIENT_SECRET")
            ),
        },
    },
}
# On this machine anything may be posted to: the demo's own receiver is here.
CONFERENCING_WEBHOOK_NETWORKS = ["127.0.0.0/8"] if DEBUG else []
CONFERENCING_SANDBOX_URL = given("CONFERENCING_SANDBOX_URL") if DEBUG else ""
if DEBUG and not given("ZOOM_CLIENT_ID"):
    # No account at a provider is configured, so the sandbox stands in for all of them.
    CONFERENCING_SANDBOX_URL = CONFERENCING_SANDBOX_URL or "http://127.0.0.1:8080"
if given("ZOOM_WEBHOOK_SECRET_TOKEN"):
    CONFERENCING_PROVIDERS["zoom"]["OPTIONS"]["webhook_secret_token"] = given("ZOOM_WEBHOOK_SECRET_TOKEN").split(",")
if CONFERENCING_SANDBOX_URL:
    # It lists a new meeting at once, so nobody need wait to know whether one was made whose answer was lost.
    CONFERENCING_PROVIDERS["zoom"]["OPTIONS"]["find_lag_seconds"] = 1.0


# Logs ----------------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_query": {"()": "project.logs.WithoutQuery"}},
    "formatters": {
        "server": {"()": "django.utils.log.ServerFormatter", "format": "[{server_time}] {message}", "style": "{"}
    },
    "handlers": {
        "server": {"class": "logging.StreamHandler", "formatter": "server", "filters": ["without_query"]},
    },
    "loggers": {"django.server": {"handlers": ["server"], "level": "INFO", "propagate": False}},
}


# Production ----------------------------------------------------------------------------------------------------------

if not DEBUG:
    CSRF_TRUSTED_ORIGINS = [CONFERENCING_BASE_URL]
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    if given("TRUST_PROXY_HEADERS") == "1":
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
