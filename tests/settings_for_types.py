"""What mypy's Django plugin reads: the minimal host, and the demo site's models beside it."""

from __future__ import annotations

from tests.settings import *  # noqa: F403  settings are a flat list of names, and all of them are wanted
from tests.settings import INSTALLED_APPS as SUITE_APPS

INSTALLED_APPS = [*SUITE_APPS, "project.bookings"]
