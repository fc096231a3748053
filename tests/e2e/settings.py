"""Settings of the processes that the crash tests start."""

from __future__ import annotations

import os

from tests.e2e.variant import at_sandbox
from tests.settings import *  # noqa: F403 - a variant of those

globals().update(at_sandbox(os.environ["E2E_SANDBOX_URL"]))

INSTALLED_APPS = [*INSTALLED_APPS, "tests.e2e.apps.SiteConfig"]  # noqa: F405

# A worker that is only to do what it is told looks rarely by itself.
CONFERENCING_SWEEP_SECONDS = float(os.environ.get("E2E_SWEEP_SECONDS", "0.2"))

CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# Where the processes' mails can be read.
if MAILS := os.environ.get("E2E_MAILS"):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAILS

# A test that uses a broker has a queue of its own there.
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("E2E_QUEUE", "celery")

# A folder serves as the broker where one is named.
if FOLDER := os.environ.get("E2E_BROKER_FOLDER"):
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": FOLDER,
        "data_folder_out": FOLDER,
        "control_folder": f"{FOLDER}-control",
        "polling_interval": 0.1,
    }
