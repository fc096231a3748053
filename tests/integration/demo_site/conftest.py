"""The demo site as a process of its own, with its sandbox and worker: real settings, real HTTP."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from project.demo.processes import Leashed
from project.demo.visitor import Visitor
from tests.integration.demo_site.serving import Site, environment


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The served site, once for the run; tests tell their bookings apart by their titles."""
    folder: Path = tmp_path_factory.mktemp("demo-site")
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "project.demo", "--serve", "--folder", str(folder), "--ready-file", str(ready)]
    demo = Leashed("demo site", command, environment(), folder / "demo.log")
    try:
        demo.wait_until(ready.exists)
        yield Site(folder=folder, **json.loads(ready.read_text(encoding="utf-8")))
    finally:
        demo.stop()


@pytest.fixture
def guest(site: Site) -> Iterator[Visitor]:
    """Somebody who is not signed in."""
    visitor = Visitor(site.site)
    yield visitor
    visitor.close()


@pytest.fixture
def alice(site: Site) -> Iterator[Visitor]:
    yield from _signed_in(site, "alice")


@pytest.fixture
def bob(site: Site) -> Iterator[Visitor]:
    yield from _signed_in(site, "bob")


def _signed_in(site: Site, username: str) -> Iterator[Visitor]:
    visitor = Visitor(site.site)
    visitor.submit(visitor.open("/sign-in/").form(f"/sign-in/{username}/"))
    yield visitor
    visitor.close()
