"""The documentation's pictures of the pages. To make them anew: make screenshots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser.gallery import Gallery
from tests.browser.places import PLACES

pytestmark = pytest.mark.browser

DESK, PHONE, ADMIN = (880, 760), (390, 780), (1280, 760)
# Twice as many pixels, so that the pictures are sharp where they are shown small.
PIXELS = 2


@dataclass(frozen=True)
class Picture:
    """``name`` is the file's, and followed by ``-dark`` in the other colours; ``heading`` must be seen on it."""

    name: str
    place: str
    heading: str
    size: tuple[int, int] = DESK


PICTURES = (
    Picture("profiles", "accounts", "Conferencing accounts"),
    Picture("bookings", "bookings", "Your bookings"),
    Picture("booking", "booking-made", "Piano lesson"),
    Picture("trouble", "booking-failing", "Chess club"),
    Picture("support-list", "admin-conferencing_app-conference-list", "Select conference to view", ADMIN),
    Picture("support", "admin-conferencing_app-conference", "View conference", ADMIN),
    Picture("phone", "booking-made", "Piano lesson", PHONE),
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_the_picture_is_made(
    gallery: Gallery, pictures: Path, picture: Picture, scheme: Literal["light", "dark"]
) -> None:
    """A normal run makes them too, elsewhere: whatever can't be photographed any more fails."""
    place = next(place for place in PLACES if place.name == picture.place)
    page = gallery.show(place)
    width, height = picture.size
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    expect(page.get_by_role("heading", level=1, name=picture.heading)).to_be_in_viewport()
    file = pictures / f"{picture.name}{'-dark' if scheme == 'dark' else ''}.png"
    page.screenshot(path=file, animations="disabled")
    assert png_size(file) == (width * PIXELS, height * PIXELS)


def png_size(file: Path) -> tuple[int, int]:
    """Width and height, as the file's first chunk says."""
    head = file.read_bytes()[:24]
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
