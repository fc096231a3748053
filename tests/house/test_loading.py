"""What comes later than a start may come in several threads at once, such as those of a site's first requests."""

from __future__ import annotations

import subprocess
import sys

# A site without a Celery application of its own, and as many threads as there are parts to be loaded.
FIRST_REQUESTS = """
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from threading import Barrier

import django
from django.conf import settings

PARTS = ["checks.people", "urls", "services.attaching", "engine", "tasks", "provisioning", "doctor"]

settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "conferencing_app"])
django.setup()
together = Barrier(len(PARTS))

def load(part):
    together.wait()
    import_module(f"conferencing_app.{part}")

with ThreadPoolExecutor(len(PARTS)) as pool:
    list(pool.map(load, PARTS))
"""


def test_threads_that_load_parts_at_once_do_not_disturb_each_other() -> None:
    for _ in range(5):  # half of the time nothing would come of it
        process = subprocess.run([sys.executable, "-c", FIRST_REQUESTS], capture_output=True, text=True, timeout=60)
        assert process.returncode == 0, process.stderr
