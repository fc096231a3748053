"""Texts as providers take them: cleaned, and shortened by rule instead of by their refusal."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
JOINERS = "\u200d\ufe0e\ufe0f"


def one_line(text: str) -> str:
    """The text without line breaks, control characters and runs of blanks."""
    return " ".join(cleaned(text).split())


def cleaned(text: str) -> str:
    """The text without what is no character to show; line breaks and tabs stay."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in unified if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs"))


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` UTF-16 units, the strictest way to count (an emoji is two); an ellipsis shows the cut."""
    if units(text) <= limit:
        return text
    kept: list[str] = []
    room = limit - units(ELLIPSIS)
    for each in text:
        room -= units(each)
        if room < 0:
            break
        kept.append(each)
    return "".join(kept).rstrip().rstrip(JOINERS) + ELLIPSIS


def units(text: str) -> int:
    """The length in UTF-16 code units; never less than the number of characters."""
    return len(text) + sum(each > "\uffff" for each in text)
