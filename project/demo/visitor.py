"""A person at a browser without script: follows links and redirects, fills in forms, keeps cookies."""

from __future__ import annotations

import requests

from project.demo.pages import Form, Page

TIMEOUT_SECONDS = (5, 30)


class Visitor:
    """One browser."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment has no business on loopback

    def open(self, address: str) -> Page:
        """Go to an address, absolute or of the site."""
        return _page(self.fetch(address))

    def fetch(self, address: str, **headers: str) -> requests.Response:
        """The bare answer that an address leads to, absolute or of the site."""
        url = self.site + address if address.startswith("/") else address
        return self._session.get(url, headers=headers, timeout=TIMEOUT_SECONDS)

    def glance(self, address: str) -> Page:
        """Fetch a fragment, as htmx does."""
        return _page(self.fetch(address, **{"HX-Request": "true"}))

    def submit(self, form: Form, **changes: str) -> Page:
        """Send a form as it stands but for the changes; returns the page that it leads to."""
        kept = [(name, value) for name, value in form.fields if name not in changes]
        fields = [*kept, *changes.items()]
        headers = {"Referer": form.action}
        return _page(self._session.post(form.action, data=fields, headers=headers, timeout=TIMEOUT_SECONDS))

    def close(self) -> None:
        self._session.close()


def _page(response: requests.Response) -> Page:
    return Page(response.url, response.status_code, response.text)
