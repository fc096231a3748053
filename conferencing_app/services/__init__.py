"""Use cases, one a module. Asked for by way of this package, a module is loaded then and no earlier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conferencing_app import later

if TYPE_CHECKING:
    from conferencing_app.services import disconnection, endpoints, explain, grants, profiles, retrying
else:
    MODULES = ("disconnection", "endpoints", "explain", "grants", "profiles", "retrying")
    __getattr__ = later.parts(__name__, dict.fromkeys(MODULES, ()))

__all__ = ["disconnection", "endpoints", "explain", "grants", "profiles", "retrying"]
