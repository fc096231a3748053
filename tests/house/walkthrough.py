"""Does what a page of the documentation says, block by block, in a folder of its own and in processes of their own.

How a block is taken:

- ``console``: each line after ``$`` is run by a shell; the other lines must be in what it prints (``…`` stands for
  anything). Programs that stay up are left running until the end.
- ``python``, ``html``, ``css`` and ``ini`` begin with a comment that names a file, and says whether the block is the
  whole file or is added at its end. ``in: python manage.py shell`` runs it there; what follows ``print(…)  #`` must be
  printed.
- ``text`` is only read.
- ``<!-- step: name -->`` is what a person does between two blocks; the test gives a function for each.

Ports are replaced by free ones, and the site is told its own. ``pip install`` unpacks the built wheel beside the
packages of the suite, which needs no index; with PROMISES_FULL=1 it is pip's own, into a fresh virtual environment.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from packaging.requirements import Requirement

from project.demo.processes import LEASH
from tests.house.wheel import PYPROJECT, ROOT, built_wheel

FULL = bool(os.environ.get("PROMISES_FULL"))
PARTS = re.compile(
    r"^```(?P<language>\w+)\n(?P<text>.*?)^```$|^<!-- step: (?P<step>[^\n]*) -->$", re.MULTILINE | re.DOTALL
)
PLACE = re.compile(r"(?:#|\{#|/\*) (?P<file>[\w./]+): (?P<how>the whole file|add at the end)(?: #\}| \*/)?\n")
IN_SHELL = "# in: python manage.py shell\n"
PRINTED = re.compile(r"^\s*print\(.*\)  # (.*)$", re.MULTILINE)
PORTS = ("8000", "8010")
STAY_UP = ("conferencing_sandbox", "conferencing_worker", "runserver", "celery ")
PROGRAMS = {"python": "", "django-admin": "-m django", "celery": "-m celery", "pytest": "-m pytest"}
START_PROJECT = re.compile(r"django-admin startproject (\w+) \.$")
PATIENCE_SECONDS = 60.0
INSTALL_SECONDS = 300.0
Steps = Mapping[str, Callable[["Site"], object]]
NO_STEPS: Steps = MappingProxyType({})


@dataclass
class Site:
    """The folder of a walkthrough, what was printed last, and the programs that are still up."""

    folder: Path
    tools: Path
    ports: dict[str, str]
    said: str = ""
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def address(self, port: str, path: str = "") -> str:
        """The address that the page calls http://127.0.0.1:<port>."""
        return f"http://127.0.0.1:{self.ports[port]}{path}"

    def with_own_ports(self, text: str) -> str:
        """The text with the ports of this walkthrough in it."""
        return re.sub("|".join(PORTS), lambda port: self.ports[port[0]], text)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "TEST_REFUSALS_FILE") if name in os.environ}
        paths = (ROOT / "tests" / "guarded_children", self.tools / "packages")
        return {
            **kept,
            "PATH": os.pathsep.join([str(self.tools), os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTHONUNBUFFERED": "1",
            "LC_ALL": "C.UTF-8",
        }

    def copy(self, folder: Path) -> Site:
        """The same files in a folder of their own; its programs take the ports once those of the other have ended."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, running=[])

    def close(self) -> None:
        """End all that is still up."""
        for process in self.running:
            assert process.stdin is not None
            process.stdin.close()
        for process in self.running:
            process.wait()


def open_site(folder: Path) -> Site:
    """An empty folder, and the programs that belong to it."""
    tools = folder / "tools"
    (tools / "packages").mkdir(parents=True)
    write_programs(tools, Path(sys.executable))
    site = Site(folder / "site", tools, dict(zip(PORTS, free_ports(len(PORTS)), strict=True)))
    site.folder.mkdir()
    return site


def write_programs(tools: Path, python: Path) -> None:
    """The programs that the pages name, run by this interpreter."""
    for name, arguments in PROGRAMS.items():
        program = tools / name
        program.write_text(f'#!/bin/sh\nexec {python} {arguments} "$@"\n')
        program.chmod(0o755)


def walk(text: str, site: Site, steps: Steps = NO_STEPS, instead: Steps = NO_STEPS) -> None:
    """Do all that a page, or a part of it, says. Raises KeyError for a step that ``steps`` lacks.

    ``instead`` has what is done in place of a block that holds its key.
    """
    for part in PARTS.finditer(text):
        other = next((instead[key] for key in instead if key in part[0]), None)
        if other is not None:
            other(site)
        elif part["step"]:
            steps[part["step"]](site)
        else:
            TAKE[part["language"]](site, site.with_own_ports(part["text"]))


def take_console(site: Site, text: str) -> None:
    for command, expected in commands(text):
        if command.startswith("pip install "):
            install(site, command.removeprefix("pip install "))
        elif any(name in command for name in STAY_UP):
            start(site, command, expected)
        else:
            finish(site, ["sh", "-c", command], expected)
        if project := START_PROJECT.search(command):
            say_where_the_site_is(site, site.folder / project[1] / "settings.py")


def say_where_the_site_is(site: Site, settings: Path) -> None:
    """A page means a site at port 8000. One that listens elsewhere has to say so."""
    with settings.open("a") as file:
        file.write(f'CONFERENCING_BASE_URL = "{site.address("8000")}"\n')


def take_file(site: Site, text: str) -> None:
    if text.startswith(IN_SHELL):
        finish(site, ["python", "manage.py", "shell"], PRINTED.findall(text), text)
        return
    place = PLACE.match(text)
    assert place is not None, f"where does this block go?\n{text}"
    path = site.folder / place["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text() + "\n\n" if place["how"] == "add at the end" else ""
    path.write_text(before + text)


TAKE: dict[str, Callable[[Site, str], None]] = {
    "console": take_console,
    **dict.fromkeys(("python", "html", "css", "ini"), take_file),
    "text": lambda site, text: None,  # to read, not to do
}


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block, with the lines that it should print."""
    for entry in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *expected = entry.rstrip("\n").split("\n")
        yield command, [line for line in expected if line.strip("… ")]


def install(site: Site, wanted: str) -> None:
    """Install our wheel for the package's name, and the others."""
    ours, *others = map(Requirement, shlex.split(wanted))
    assert ours.name == PYPROJECT["project"]["name"]
    assert ours.extras <= set(PYPROJECT["project"]["optional-dependencies"])
    if FULL:
        install_by_pip(site, [f"{built_wheel()}[{','.join(ours.extras)}]", *map(str, others)])
        return
    for other in others:
        version(other.name)  # raises where it is not installed
    with zipfile.ZipFile(built_wheel()) as wheel:
        wheel.extractall(site.tools / "packages")


def install_by_pip(site: Site, wanted: list[str]) -> None:
    venv = site.tools / "venv"
    python = venv / "bin" / "python"
    # The guard of the suite would keep pip on this machine.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if not venv.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True, env=environment, timeout=INSTALL_SECONDS)
        write_programs(site.tools, python)
    pip = [str(python), "-m", "pip", "install", "--quiet", *wanted]
    subprocess.run(pip, check=True, env=environment, timeout=INSTALL_SECONDS)


def finish(site: Site, command: list[str], expected: list[str], given: str = "") -> None:
    """Run to the end. It must succeed, unless the page itself shows that the checks complain."""
    done = subprocess.run(
        command,
        cwd=site.folder,
        env=site.environment,
        input=given,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    site.said = done.stdout
    complaint = any("SystemCheckError" in line for line in expected)
    assert bool(done.returncode) == complaint, f"{command} ended with {done.returncode}:\n{site.said}"
    unsaid = unmet(expected, site.said)
    assert not unsaid, f"{command} did not print {unsaid}, but:\n{site.said}"


def start(site: Site, command: str, expected: list[str]) -> None:
    """Leave it running once it has said what the page shows, and answers on the port that it was given."""
    log = site.tools / f"log-{len(site.running)}"
    leashed = [sys.executable, str(LEASH), "sh", "-c", f"exec {command}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            leashed,
            cwd=site.folder,
            env=site.environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    site.running.append(process)
    port = re.search(r"\d{4,}$", command)
    wait_until(
        lambda: process.poll() is None and not unmet(expected, log.read_text()) and (not port or answers(port[0])),
        lambda: f"{command} is up; it said:\n{log.read_text()}",
    )


def unmet(expected: list[str], said: str) -> list[str]:
    """The lines that are not in what was said."""
    return [line for line in expected if not re.search(".*".join(map(re.escape, line.split("…"))), said)]


def answers(port: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(port)), 1).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[str]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def wait_until(condition: Callable[[], Any], what: Callable[[], str]) -> None:
    """Look until it holds; the test fails with ``what`` when it does not in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:g} s: {what()}"
        time.sleep(0.1)
