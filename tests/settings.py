"""Settings of the minimal host that the suite runs against.

SQLite unless TEST_DATABASE_URL names another database (``postgresql://user:password@host:port/name``, ``mysql://…``).
"""

from __future__ import annotations

import os

from tests import databases

SECRET_KEY = "only for the test suite"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "static/"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # logins in tests need no strength, only speed

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "conferencing_app",
    "tests.hosts",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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


# Database ------------------------------------------------------------------------------------------------------------

DATABASES = {"default": databases.configure(os.environ.get("TEST_DATABASE_URL", ""))}


# Celery --------------------------------------------------------------------------------------------------------------
# Without CELERY_BROKER_URL there is no broker, and the doorbell is mute.

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "")


# Conferencing --------------------------------------------------------------------------------------------------------

CONFERENCING_BASE_URL = "http://testserver"
CONFERENCING_ENCRYPTION_KEYS = ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"]  # the bytes 0 to 31
CONFERENCING_PROVIDERS = {
    "zoom": {
        "BACKEND": "conferencing_app.providers.zoom.ZoomProvider",
        "OPTIONS": {"client_id": "zoom-client", "client_secret": "zoom-secret"},
    },
}
