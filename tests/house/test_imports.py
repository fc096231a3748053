"""The house's own rules, as far as import-linter does not see them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import conferencing_app

PACKAGE = Path(conferencing_app.__file__).parent
MAX_LINES = 300
NAMES_WITHOUT_MEANING = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
NOT_FOR_TRANSLATORS = (
    "conferencing_app.conf",
    "conferencing_app.models",
    "django.conf",
    "django.contrib",
    "django.db",
    "django.http",
    "django.shortcuts",
)


def modules(folder: Path = PACKAGE) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "migrations" not in path.parts)


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix()


def imported_names(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything a module imports; `from a import b` counts as a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*parents, node.module or ""]).strip(".")
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def imports_of(path: Path) -> list[tuple[int, str]]:
    package = path.relative_to(PACKAGE.parent).parent.parts
    return list(imported_names(ast.parse(path.read_text()), package))


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def hidden_imports(tree: ast.AST, where: str = "") -> Iterator[str]:
    """Imports inside of functions, as `Class.function:line`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and "(" in where:
            yield f"{where}:{node.lineno}"
        name = where
        if isinstance(node, ast.ClassDef):
            name = f"{where}{node.name}."
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{where}{node.name}()"
        yield from hidden_imports(node, name)


def folders_of(floor: str) -> list[Path]:
    return sorted(path.parent for path in (PACKAGE / floor).glob("*/__init__.py"))


TRANSLATORS = folders_of("providers") + folders_of("calendars")


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_no_import_hides_inside_a_function(path: Path) -> None:
    """Import-linter takes every import for one at the top, and readers should be able to as well."""
    hidden = list(hidden_imports(ast.parse(path.read_text())))
    if path == PACKAGE / "apps.py":
        hidden = [place for place in hidden if ".ready()" not in place]
    assert hidden == []


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_a_module_stays_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_a_module_has_a_name_that_says_what_is_in_it(path: Path) -> None:
    assert not NAMES_WITHOUT_MEANING & {*path.relative_to(PACKAGE).parent.parts, path.stem}


def test_a_translator_knows_neither_models_nor_settings_nor_its_siblings() -> None:
    """Providers and calendars get their configuration handed in, and each can be taken away without the others."""
    dotted = {folder: ".".join(folder.relative_to(PACKAGE.parent).parts) for folder in TRANSLATORS}
    forbidden = [
        f"{relative(path)}:{line} imports {name}"
        for folder, own in dotted.items()
        for path in modules(folder)
        for line, name in imports_of(path)
        if inside(name, *NOT_FOR_TRANSLATORS, *dotted.values()) and not inside(name, own)
    ]
    assert forbidden == []


def test_the_sandbox_stands_alone() -> None:
    """It judges the product, so it shares no line with it; and it starts without Django."""
    forbidden = [
        f"{relative(path)}:{line} imports {name}"
        for path in modules(PACKAGE / "sandbox")
        for line, name in imports_of(path)
        if inside(name, "django") or (inside(name, "conferencing_app") and not inside(name, "conferencing_app.sandbox"))
    ]
    assert forbidden == []


def test_no_room_knows_the_demo_site_the_tests_or_the_environment() -> None:
    forbidden = [
        f"{relative(path)}:{line} imports {name}"
        for path in modules()
        for line, name in imports_of(path)
        if inside(name, "project", "environ", "benchmarks", "tests")
    ]
    assert forbidden == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os", []),
        ("def run():\n    import os", ["run():2"]),
        ("class A:\n    def ready(self):\n        from a import b", ["A.ready():3"]),
        ("class A:\n    import os", []),
        ("def run():\n    if True:\n        async def inner():\n            import os", ["run()inner():4"]),
        ("if True:\n    import os", []),
    ],
)
def test_the_search_for_hidden_imports_finds_them(source: str, found: list[str]) -> None:
    assert list(hidden_imports(ast.parse(source))) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import django.db", "django.db"),
        ("from django import db", "django.db"),
        ("from . import types", "conferencing_app.providers.types"),
        ("from ..models import work", "conferencing_app.models.work"),
    ],
)
def test_the_search_for_imports_resolves_names(source: str, found: str) -> None:
    assert list(imported_names(ast.parse(source), ("conferencing_app", "providers"))) == [(1, found)]


def test_what_the_tests_import_goes_beside_the_wheel_that_they_try() -> None:
    tree = ast.parse((PACKAGE.parent / "noxfile.py").read_text())
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    constants = {node.targets[0].id: node.value for node in assigned if isinstance(node.targets[0], ast.Name)}
    beside, tried = (ast.literal_eval(constants[name]) for name in ("BESIDE", "TESTS"))
    places = [path for name in tried for path in [PACKAGE.parent / name, *(PACKAGE.parent / name).rglob("*.py")]]
    roots = {name.split(".")[0] for path in places if path.is_file() for _, name in imports_of(path)}
    ours = {root for root in roots if (PACKAGE.parent / root / "__init__.py").exists()}
    assert ours - set(beside) == {PACKAGE.name}
