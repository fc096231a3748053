"""What the tests of the demo site share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from project.demo.pages import Page
from project.demo.visitor import Visitor

START = "2031-05-06T15:00"
END = "2031-05-06T15:45"
LONG_ENOUGH_SECONDS = 30.0
Found = TypeVar("Found")


@dataclass(frozen=True)
class Site:
    """Where the served site, its sandbox and its logs are, and who may use /admin/."""

    folder: Path
    site: str
    sandbox: str
    admin: str
    password: str


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what belongs to the suite alone."""
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {**kept, "CONFERENCING_SANDBOX_FAULTS": "", **changes}


def book(visitor: Visitor, title: str, **changes: str) -> Page:
    """Send the form for a new booking; returns the page that it leads to."""
    form = visitor.open("/bookings/new/").form("/bookings/new/")
    return visitor.submit(form, **{"title": title, "starts_at": START, "ends_at": END, **changes})


def bookings_of(visitor: Visitor) -> set[str]:
    """The addresses of this person's bookings."""
    return {link.href for link in visitor.open("/bookings/").links if link.href.rstrip("/").rsplit("/", 1)[1].isdigit()}


def eventually(look: Callable[[], Found]) -> Found:
    """What ``look`` finds once it finds something; what it found last when that takes too long."""
    deadline = time.monotonic() + LONG_ENOUGH_SECONDS
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
