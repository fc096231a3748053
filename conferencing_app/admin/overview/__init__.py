"""The overview: its address, and its page, which is loaded when somebody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conferencing_app import later

if TYPE_CHECKING:
    from conferencing_app.admin.overview.page import answer
else:
    __getattr__ = later.parts(__name__, {"page": ("answer",)})

__all__ = ["NAME", "answer"]

NAME = "conferencing_app_conference_overview"
