"""Write the pinned requirements files from pyproject.toml, with the newest versions that fit.

    python3.11 scripts/pin_requirements.py

Run it on the oldest supported Python, whose packages also serve the newer ones. Only wheels are considered. What
requirements.txt pins is pinned for the other files too, so that they can be installed beside it, and is not repeated.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MAIN_FILE = ROOT / "requirements.txt"

HEADER = """\
# {purpose}
# Written by: python3.11 scripts/pin_requirements.py (from pyproject.toml). Do not edit by hand.
"""

# file: (purpose, group of pyproject.toml)
FILES = {
    "requirements.txt": ("What `make demo` and `make test` need, on Python 3.11 to 3.13.", "test"),
    "requirements-lint.txt": ("What `make lint` needs on top of requirements.txt.", "lint"),
    "requirements-matrix.txt": ("What `make matrix` and `make test-all` need on top of requirements.txt.", "matrix"),
    "requirements-docs.txt": ("What `make docs` needs on top of requirements.txt.", "docs"),
    "requirements-clients.txt": ("Vendors' clients to try the sandbox with, on top of requirements.txt.", "clients"),
    "requirements-bench.txt": ("What `make bench` measures beside, on top of requirements.txt.", "bench"),
}

# Needed by some supported Pythons only, so a resolver on one Python does not see them.
CONDITIONAL = {"async-timeout": 'python_full_version < "3.11.3"'}


def direct_requirements(project: dict[str, Any], file_name: str, group: str) -> list[str]:
    wanted = list(project["dependency-groups"][group])
    if file_name == MAIN_FILE.name:
        wanted += project["project"]["dependencies"] + project["project"]["optional-dependencies"]["sandbox"]
        wanted += CONDITIONAL
    return wanted


def resolve(requirements: list[str], constraints: Path | None) -> dict[str, str]:
    """Name and version of everything that installing the requirements would bring."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    command += ["--only-binary", ":all:", "--report", "-"]
    if constraints:
        command += ["--constraint", str(constraints)]
    report = json.loads(subprocess.run([*command, *requirements], check=True, stdout=subprocess.PIPE).stdout)
    return {canonical(item["metadata"]["name"]): item["metadata"]["version"] for item in report["install"]}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pin_line(name: str, version: str) -> str:
    return f"{name}=={version}; {CONDITIONAL[name]}" if name in CONDITIONAL else f"{name}=={version}"


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    already: dict[str, str] = {}
    for file_name, (purpose, group) in FILES.items():
        pins = resolve(direct_requirements(project, file_name, group), MAIN_FILE if already else None)
        new = {name: version for name, version in sorted(pins.items()) if name not in already}
        lines = [pin_line(name, version) for name, version in new.items()]
        (ROOT / file_name).write_text(HEADER.format(purpose=purpose) + "\n".join(lines) + "\n")
        already = already or new
        print(f"{file_name}: {len(lines)} packages")


if __name__ == "__main__":
    main()
