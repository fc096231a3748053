"""Packages that load a part of theirs when it is first asked for, so that a site starts without it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def parts(package: str, modules: Mapping[str, Collection[str]]) -> Callable[[str], Any]:
    """The ``__getattr__`` of such a package, by the names that it has from each of its modules.

    A module with no names is itself what is asked for. To a checker of types the package shows plain imports.
    """
    homes = {name: module for module, names in modules.items() for name in names or (module,)}

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = homes[name]
        module = import_module(f"{package}.{home}")
        return getattr(module, name) if modules[home] else module

    return load
