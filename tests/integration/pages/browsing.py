"""Windows of a browser, each a person's own or a stranger's."""

from __future__ import annotations

from typing import Any

from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page


def sign_in(browser: Browser, site: str, user: Any, same_site: Any = "Lax", **options: Any) -> BrowserContext:
    client = Client()
    client.force_login(user)
    context = browser.new_context(**options)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": site, "httpOnly": True, "sameSite": same_site}])
    context.set_default_timeout(10_000)
    return context


def open_page(context: BrowserContext, troubles: list[str]) -> Page:
    def note(message: ConsoleMessage) -> None:
        icon = message.location["url"].endswith("/favicon.ico")  # browsers ask for one by themselves
        if message.type in ("error", "warning") and not icon:
            troubles.append(message.text)

    page = context.new_page()
    page.on("console", note)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    return page
