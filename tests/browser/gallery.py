"""The world's pages, each in the window of the person who may see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Page

from tests.browser.places import Place
from tests.browser.windows import Windows
from tests.browser.world import World


@dataclass
class Gallery:
    """The world, and a window on it for each person."""

    world: World
    windows: Windows
    pages: dict[str, Page] = field(default_factory=dict)

    def show(self, place: Place) -> Page:
        page = self.pages.get(place.person) or self._open(place.person)
        page.unroute_all()
        place.arrive(page, self.world)
        return page

    def _open(self, person: str) -> Page:
        stage = self.world.stage
        # Without motion the colours of a scheme are there at once.
        page = self.windows.open(
            person if person != stage.admin else "", reduced_motion="reduce", device_scale_factor=2
        )
        if person == stage.admin:
            page.goto("/admin/login/?next=/bookings/")
            page.get_by_label("Username").fill(person)
            page.get_by_label("Password").fill(stage.password)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/bookings/")
        self.pages[person] = page
        return page
