"""What people install: the app, the whole app, and nothing but the app."""

from __future__ import annotations

import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import conferencing_app
from tests.house.wheel import ROOT, build, built_wheel

APP = ROOT / "conferencing_app"
SUITE_AND_SITE = ("tests/", "project/", "docs/", "manage.py")


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def in_the_tree() -> set[str]:
    files = (path for path in APP.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in files}


@pytest.fixture(scope="module")
def metadata() -> Message:
    with zipfile.ZipFile(built_wheel()) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_the_app_alone_and_all_of_it() -> None:
    about = f"django_conferencing-{conferencing_app.__version__}.dist-info/"
    assert {name for name in names(built_wheel()) if not name.startswith(about)} == in_the_tree()


@pytest.mark.parametrize(
    "pattern",
    [
        "py.typed",
        "migrations/0001_initial.py",
        "templates/conferencing_app/base.html",
        "templates/conferencing_app/mail/*.txt",
        "static/conferencing_app/conferencing.css",
        "static/conferencing_app/vendor/htmx/LICENSE",
        "static/conferencing_app/vendor/htmx/*.min.js",
        "sandbox/static/sandbox.css",
    ],
)
def test_the_wheel_holds_each_kind_of_file(pattern: str) -> None:
    wanted = {path.relative_to(ROOT).as_posix() for path in APP.glob(pattern)}
    assert wanted
    assert wanted <= names(built_wheel())


def test_its_metadata_say_what_it_runs_on(metadata: Message) -> None:
    assert metadata["Name"] == "django-conferencing"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert {"Framework :: Django :: 5.2", "Framework :: Django :: 6.0", "Typing :: Typed"} <= set(
        metadata.get_all("Classifier", [])
    )
    assert "## On your own site" in str(metadata.get_payload())


def test_the_extras_are_the_api_and_the_sandbox(metadata: Message) -> None:
    assert sorted(metadata.get_all("Provides-Extra", [])) == ["api", "sandbox"]
    asked = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    core = {each.name for each in asked if each.marker is None or each.marker.evaluate({"extra": ""})}
    assert core == {"django", "requests", "requests-oauthlib", "celery", "cryptography"}
    api = {each.name for each in asked if each.marker is None or each.marker.evaluate({"extra": "api"})}
    assert api == core
    sandbox = {each.name for each in asked if each.marker is None or each.marker.evaluate({"extra": "sandbox"})}
    assert {"starlette", "uvicorn"} <= sandbox


def test_requests_is_new_enough_to_connect_where_it_is_told(metadata: Message) -> None:
    """With an older one the address that was approved is looked up anew, and what lies inside can be reached."""
    asked = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    (requests,) = [each for each in asked if each.name == "requests"]
    assert not any(requests.specifier.contains(version) for version in ("2.32.2", "2.32.3", "2.32.4"))


def test_the_source_distribution_makes_the_same_wheel_and_brings_the_tests(tmp_path: Path) -> None:
    for name in ("sdist", "source", "wheel"):
        (tmp_path / name).mkdir()
    with tarfile.open(build("sdist", ROOT, tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert [name for name in SUITE_AND_SITE if not (source / name).exists()] == []
    assert [path for path in (".git", ".venv", "var") if (source / path).exists()] == []
    assert names(build("wheel", source, tmp_path / "wheel")) == names(built_wheel())
