"""Two ways to use a page: by pointing, and by keyboard alone."""

from __future__ import annotations

import re
from typing import Any, Protocol

from playwright.sync_api import Locator, Page

MOST_TABS = 80
# The element that has the focus: whether one sees that it has it, and whether it is the one that was wanted.
FOCUSED = """wanted => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    isWanted: element === wanted,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    onScreen: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
    html: element.outerHTML.slice(0, 160),
  };
}"""


def control(page: Page, name: str) -> Locator:
    """The button or link with exactly this name; a page has no two of them with different effects."""
    exactly = re.compile(f"^{re.escape(name)}$")
    return page.get_by_role("button", name=exactly).or_(page.get_by_role("link", name=exactly)).first


class Hand(Protocol):
    """How a person works a page; names are those that the person reads."""

    page: Page

    def follow(self, name: str) -> None:
        """Activate the link or button, and wait for the page it leads to."""

    def press(self, name: str) -> None:
        """Activate the link or button, which leads nowhere."""

    def write(self, label: str, text: str) -> None:
        """Fill in the field."""


class Mouse:
    """Points and clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def follow(self, name: str) -> None:
        with self.page.expect_navigation():
            self.press(name)

    def press(self, name: str) -> None:
        control(self.page, name).click()

    def write(self, label: str, text: str) -> None:
        self.page.get_by_label(label).fill(text)


class Keyboard:
    """Tab, Enter, Space and letters; each stop on the way must be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def follow(self, name: str) -> None:
        self.reach(control(self.page, name))
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def press(self, name: str) -> None:
        self.reach(control(self.page, name))
        self.page.keyboard.press("Space")

    def write(self, label: str, text: str) -> None:
        self.reach(self.page.get_by_label(label))
        self.page.keyboard.type(text)

    def reach(self, target: Locator) -> None:
        """Tab to this control."""
        wanted = target.element_handle()
        passed = []
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(FOCUSED, wanted)
            if focused is None:  # between the last control and the first
                continue
            assert_visible(focused)
            if focused["isWanted"]:
                return
            passed.append(focused["html"])
        raise AssertionError(f"{target} is not reached by Tab on {self.page.url}, only {passed}")


def assert_visible(focused: dict[str, Any]) -> None:
    assert focused["outlined"], f"The focus is not seen on {focused['html']}"
    assert focused["onScreen"], f"The focus is off the screen, on {focused['html']}"
