"""How the demo looks on a terminal; plain text everywhere else."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable

WIDTH = 100
CODES = {"bold": "1", "dim": "2", "green": "32", "red": "31", "cyan": "36"}


def colourful() -> bool:
    """Colours only on a terminal that can, and never where NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, *styles: str) -> str:
    if not colourful():
        return text
    codes = ";".join(CODES[style] for style in styles)
    return f"\x1b[{codes}m{text}\x1b[0m"


def say(text: str = "") -> None:
    print(text, flush=True)


def heading(text: str) -> None:
    say(f"\n{paint(text, 'bold')}\n")


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Names and values in two columns."""
    rows = list(pairs)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        say(f"  {paint(name.ljust(width), 'dim')}  {value}")
    say()


def step(number: int, title: str) -> None:
    say(f"{paint(f'{number:>3}', 'cyan')}  {paint(title, 'bold')}")


def held(lines: Iterable[str]) -> None:
    for line in lines:
        say(f"     {paint('✓', 'green')} {line}" if _can_say("✓") else f"     + {line}")
    say()


def failed(lines: Iterable[str]) -> None:
    for line in lines:
        for part in textwrap.wrap(line, WIDTH, break_long_words=False) or [""]:
            say(f"     {paint(part, 'red')}")


def _can_say(character: str) -> bool:
    try:
        character.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
