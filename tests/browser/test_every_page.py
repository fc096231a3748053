"""Each page, light and dark, narrow and wide: accessible, in its width, and within its own content policy."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from itertools import product
from operator import attrgetter
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from project.demo.processes import run
from project.demo.stage import Stage
from tests.browser.gallery import Gallery
from tests.browser.places import NO_PAGE, PLACES, Place, at
from tests.browser.steps import expect_no_sideways_scroll

pytestmark = pytest.mark.browser

WIDTHS = {"narrow": 320, "wide": 1280}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# What a strict policy forbids, looked for in the page itself and not only where the browser has tripped over it.
INLINE = """() => [...document.querySelectorAll("*")].filter(element =>
    element.matches("style, script:not([src]), [style], [href^='javascript:']")
    || [...element.attributes].some(attribute => attribute.name.startsWith("on"))
  ).map(element => element.outerHTML.slice(0, 120))"""
# All of its rules, best practices included; what passes is not described. Colours fade when the scheme changes, and
# axe would judge a colour on its way.
RUN_AXE = """async () => {
    document.getAnimations().forEach(animation => animation.finish());
    return (await axe.run({resultTypes: ['violations']})).violations;
}"""


@pytest.fixture(scope="module")
def site_routes(stage: Stage) -> dict[str, str]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "DEMO_VAR_DIR": str(stage.folder),
        "PYTHONPATH": os.pathsep.join([*sys.path[:1], os.environ.get("PYTHONPATH", "")]),
    }
    return dict(json.loads(run(["-m", "tests.browser.routes"], environment)))


def as_pattern(route: str) -> re.Pattern[str]:
    """The paths that a route of the URLconf stands for."""
    parts = re.split("<[^>]+>", route)
    return re.compile("/" + "[^/]+".join(map(re.escape, parts)))


def violations(page: Page) -> list[dict[str, str]]:
    found: list[dict[str, Any]] = page.evaluate(RUN_AXE)
    return [
        {"rule": one["id"], "html": node["html"][:200], "why": node["failureSummary"]}
        for one in found
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def djangos_own(rooms: Gallery) -> set[str]:
    """The rules that Django's admin breaks by itself, on its pages about users."""
    page = rooms.show(Place("", "", rooms.world.stage.admin, at("/admin/auth/user/?is_staff__exact=1")))
    listed = look(page)
    page.get_by_role("link", name="sam").click()
    page.wait_for_url("**/change/**")
    return {one["rule"] for one in listed + look(page)}


def look(page: Page) -> list[dict[str, str]]:
    """What is wrong with the page in any width and colours."""
    page.evaluate(AXE_SCRIPT)
    found = []
    for width, scheme in product(WIDTHS.values(), SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found += [{"look": f"{width} px, {scheme}", **one} for one in violations(page)]
    return found


def test_every_route_of_the_site_is_visited(site_routes: dict[str, str]) -> None:
    """A new page fails here until the list of places has it."""
    assert set(site_routes) == {place.route for place in PLACES if place.route} | set(NO_PAGE)


@pytest.mark.parametrize("name", NO_PAGE)
def test_what_is_not_visited_shows_no_page(
    status_of: Callable[[str], int], site_routes: dict[str, str], name: str
) -> None:
    path = re.sub("<slug:[^>]+>", "alice", re.sub("<(str|int|secret):[^>]+>", "1", site_routes[name]))
    assert status_of(path) == NO_PAGE[name]


@pytest.fixture(scope="module")
def status_of(rooms: Gallery) -> Callable[[str], int]:
    """Asks as Alice for a path; returns the status."""
    page = rooms.show(Place("", "", "alice", at("/bookings/")))
    return lambda path: page.request.get(f"/{path}", max_redirects=0).status


@pytest.mark.parametrize("place", [place for place in PLACES if place.is_ours], ids=attrgetter("name"))
def test_the_page(gallery: Gallery, site_routes: dict[str, str], place: Place) -> None:
    """320 px is also what a window of 1,280 px shows at 400 %."""
    page = gallery.show(place)
    assert_at(page, place, site_routes)
    assert page.evaluate(INLINE) == []
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 900})
        expect_no_sideways_scroll(page)
    assert gallery.windows.complaints == []  # before axe makes elements of its own, with styles
    assert look(page) == []


@pytest.mark.parametrize("place", [place for place in PLACES if not place.is_ours], ids=attrgetter("name"))
def test_the_admin_page(gallery: Gallery, site_routes: dict[str, str], djangos_own: set[str], place: Place) -> None:
    """On the app's pages nothing is wrong; on the site's, nothing but what is with each page of Django's admin."""
    page = gallery.show(place)
    assert_at(page, place, site_routes)
    assert gallery.windows.complaints == []
    excused = djangos_own if place.is_the_sites else set()
    assert [one for one in look(page) if one["rule"] not in excused] == []


def assert_at(page: Page, place: Place, site_routes: dict[str, str]) -> None:
    """The place is where it says that it is; those of the sandbox are not on the site."""
    on_site = [name for name, route in site_routes.items() if as_pattern(route).fullmatch(urlsplit(page.url).path)]
    assert not place.route or place.route in on_site, page.url
