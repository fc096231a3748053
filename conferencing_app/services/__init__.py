"""Use cases, one a module. Asked for by way of this package, a module is loaded then and no earlier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conferencing_app import later

__all__ = [
    "attaching",
    "disconnection",
    "endpoints",
    "explain",
    "function",
    "grants",
    "inserting",
    "profiles",
    "retrying",
]

if TYPE_CHECKING:
    from conferencing_app.services import (
        attaching,
        disconnection,
        endpoints,
        explain,
        function,
        grants,
        inserting,
        profiles,
        retrying,
    )
else:
    __getattr__ = later.parts(__name__, dict.fromkeys(__all__, ()))
