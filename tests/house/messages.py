"""What the app says to people: the messages that stand in its code, and the catalogues that translate them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from tests.house.wheel import ROOT

APP = ROOT / "conferencing_app"
LOCALE = APP / "locale"
KEYWORDS = {
    "_": None,
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}

# A message and its context; the singular, where there is a plural.
Key = tuple[str, str | None]


def in_the_code() -> set[Key]:
    """Every message that the app's Python and templates pass to gettext."""
    python = (key for path in APP.rglob("*.py") for key in _messages(path.read_text()))
    return {*python, *(key for path in templates() for key in _messages(_as_python(path)))}


def templates() -> list[Path]:
    return [path for path in (APP / "templates").rglob("*") if path.is_file()]


def catalogues() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def read(catalogue: Path) -> Catalog:
    with catalogue.open("rb") as file:
        return read_po(file)


def key_of(message: object, context: str | None) -> Key:
    return (str(message[0] if isinstance(message, (tuple, list)) else message), context)


def _messages(source: str) -> Iterator[Key]:
    for _line, message, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
        yield key_of(message, context)


def _as_python(template: Path) -> str:
    """The template as Django shows it to xgettext; unindented, as Babel reads it as Python."""
    return "\n".join(line.lstrip() for line in templatize(template.read_text(), origin=template.name).splitlines())
