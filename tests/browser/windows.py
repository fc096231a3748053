"""Browser windows, each a person's own, and what is noticed in them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from project.demo.stage import Stage

# A browser logs what its policy blocks as a console error; the event says so even where that log is cut short.
TELL_BLOCKED = """document.addEventListener("securitypolicyviolation",
    event => console.error(`blocked by ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`))"""
STATUS_MESSAGE = "Failed to load resource: the server responded with a status of"


class Windows:
    """Opens windows with cookies of their own, and keeps what went wrong in any of them.

    ``strays`` are requests to anybody but the site and its sandbox; ``complaints`` are errors and warnings of the
    console (a blocked inline script or style is one), uncaught exceptions, and parts of a page that did not come.
    """

    def __init__(self, browser: Browser, stage: Stage) -> None:
        self.stage = stage
        self.strays: list[str] = []
        self.complaints: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._documents: set[str] = set()

    def open(self, person: str = "", *, width: int = 1280, height: int = 900, **options: Any) -> Page:
        """A new window at the site, signed in by one click as ``alice`` or ``bob``, or not at all."""
        context = self._browser.new_context(
            base_url=self.stage.site, viewport={"width": width, "height": height}, locale="en-GB", **options
        )
        self._contexts.append(context)
        context.set_default_timeout(20_000)
        context.on("request", self._look_at_request)
        context.on("console", self._look_at_console)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("requestfailed", self._look_at_failure)
        context.add_init_script(TELL_BLOCKED)
        page = context.new_page()
        if person:
            page.goto("/sign-in/")
            page.get_by_role("button", name=f"Sign in as {person.capitalize()}").click()
            page.wait_for_url("**/bookings/")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _look_at_request(self, request: Request) -> None:
        if request.is_navigation_request():
            self._documents.add(request.url)
        ours = (f"{self.stage.site}/", f"{self.stage.sandbox.url}/")
        if not request.url.startswith((*ours, "data:", "blob:", "about:")):
            self.strays.append(request.url)

    def _look_at_failure(self, request: Request) -> None:
        # A page that is left drops what it was still loading.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.url}: {request.failure}")

    def _look_at_console(self, message: ConsoleMessage) -> None:
        # A whole page may well answer 4xx (a form with mistakes, say); none of its parts may. (The browser looks for
        # the icon of a page that names none, as those of the admin.)
        url = message.location["url"]
        is_page = url in self._documents or url.endswith("/favicon.ico")
        if message.type in ("error", "warning") and not (is_page and message.text.startswith(STATUS_MESSAGE)):
            self.complaints.append(f"{message.type} at {url}: {message.text}")
