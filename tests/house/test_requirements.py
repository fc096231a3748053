"""The pinned files can be installed anywhere, and pin what the package asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(ROOT.glob("requirements*.txt"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r'[a-z0-9-]+==[0-9][0-9a-z.]*(; python_full_version < "[0-9.]+")?')


def pins(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_line_pins_one_package_and_nothing_else(path: Path) -> None:
    """No index, no path, no option: where packages come from is the business of whoever installs."""
    assert [line for line in pins(path) if not PIN.fullmatch(line)] == []


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name != "requirements.txt"], ids=lambda path: path.name
)
def test_no_file_pins_again_what_requirements_txt_pins(path: Path) -> None:
    names = {Requirement(line).name for line in pins(ROOT / "requirements.txt")}
    assert names.isdisjoint(Requirement(line).name for line in pins(path))


def test_what_the_package_asks_for_is_pinned_within_its_bounds() -> None:
    project = PYPROJECT["project"]
    asked = [
        *project["dependencies"],
        *project["optional-dependencies"]["sandbox"],
        *PYPROJECT["dependency-groups"]["test"],
    ]
    pinned = {
        requirement.name: str(requirement.specifier).removeprefix("==")
        for requirement in map(Requirement, pins(ROOT / "requirements.txt"))
    }
    unmet = [
        text
        for text, requirement in ((text, Requirement(text)) for text in asked)
        if not requirement.specifier.contains(pinned.get(requirement.name.lower(), "0"), prereleases=True)
        or requirement.name.lower() not in pinned
    ]
    assert unmet == []
