"""Reads a page as a person does: its links, its forms, what it says, and from where its card refreshes itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

Attributes = dict[str, str]
CHOSEN = {"checkbox", "radio"}
BUTTONS = {"submit", "button", "reset", "image"}
UNSEEN = {"script", "style", "title", "template"}


@dataclass
class Form:
    """A form with its fields as they stand."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Link:
    href: str
    text: str = ""


class Page(HTMLParser):
    """One page, parsed at once."""

    def __init__(self, url: str, status: int, source: str) -> None:
        super().__init__()
        self.url = url
        self.status = status
        self.forms: list[Form] = []
        self.links: list[Link] = []
        self.refresh_urls: list[str] = []
        self.controls: dict[str, Attributes] = {}
        self.ids: set[str] = set()
        self._words: list[str] = []
        self._open_links: list[Link] = []
        self._text_area: str | None = None
        self._unseen = 0
        self.feed(source)
        self.close()

    @property
    def text(self) -> str:
        """Every word on the page."""
        return " ".join(" ".join(self._words).split())

    def form(self, action: str, field: str = "") -> Form:
        """The first form whose address contains ``action``, and that has this field. Raises LookupError."""
        for form in self.forms:
            if action in form.action and (not field or field in dict(form.fields)):
                return form
        raise LookupError(f"a form for {action} on {self.url} (status {self.status}): {self.text[:300]}")

    def link(self, text: str) -> str:
        """The address behind the first link that reads like this. Raises LookupError."""
        for link in self.links:
            if text in link.text:
                return link.href
        raise LookupError(f"a link “{text}” on {self.url} (status {self.status}): {self.text[:300]}")

    def outside_links(self) -> list[str]:
        """Links that lead to another site."""
        here = urlsplit(self.url).netloc
        return [link.href for link in self.links if urlsplit(link.href).netloc not in ("", here)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in UNSEEN:
            self._unseen += 1
        self.ids.add(values.get("id", ""))
        if "hx-get" in values:
            self.refresh_urls.append(urljoin(self.url, values["hx-get"]))
        if tag == "a" and "href" in values:
            self._open_links.append(Link(urljoin(self.url, values["href"])))
            self.links.append(self._open_links[-1])
        elif tag == "form":
            self.forms.append(Form(urljoin(self.url, values.get("action") or self.url)))
        elif tag in ("input", "textarea") and self.forms and values.get("name"):
            self._take_field(tag, values)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen -= 1
        if tag == "a" and self._open_links:
            self._open_links.pop()
        if tag == "textarea":
            self._text_area = None

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._text_area is not None:
            self.forms[-1].fields.append((self._text_area, data.removeprefix("\n")))
            return
        self._words.append(data)
        if self._open_links:
            self._open_links[-1].text = " ".join(f"{self._open_links[-1].text} {data}".split())

    def _take_field(self, tag: str, values: Attributes) -> None:
        self.controls[values["name"]] = values
        if tag == "textarea":
            self._text_area = values["name"]
            return
        kind = values.get("type", "text")
        if kind in BUTTONS or (kind in CHOSEN and "checked" not in values):
            return
        self.forms[-1].fields.append((values["name"], values.get("value", "")))
