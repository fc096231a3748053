"""The suite on all that is supported, one combination after the other, with a table at the end.

``make matrix`` and ``make test-all`` run it; ``nox --list`` names the combinations.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "venv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).resolve().parent

DJANGO = {"5.2": "django~=5.2.0", "6": "django>=6.0,<7"}
SUPPORTED = [("3.11", "5.2"), ("3.12", "5.2"), ("3.13", "5.2"), ("3.12", "6"), ("3.13", "6")]
# What goes beside the installed package, and which of it is run: all that depends on Django, and the workers.
BESIDE = ("tests", "benchmarks", "project", "scripts", "templates", "static", "manage.py", "pyproject.toml")
TESTS = ("tests/unit", "tests/contract", "tests/integration", "tests/e2e/test_workers.py")
SIDE_BY_SIDE = ("--numprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder")  # as in the Makefile

SERVERS = {
    "POSTGRES_URL": "POSTGRES_URL=postgresql://user:password@127.0.0.1:5432/conferencing",
    "MARIADB_URL": "MARIADB_URL=mysql://user:password@127.0.0.1:3306/conferencing",
    "REDIS_URL": "REDIS_URL=redis://127.0.0.1:6379/0",
    "RABBITMQ_URL": "RABBITMQ_URL=amqp://guest:guest@127.0.0.1:5672//",
}
DATABASES = [
    nox.param("", id="SQLite"),
    nox.param("POSTGRES_URL", id="PostgreSQL"),
    nox.param("MARIADB_URL", id="MariaDB"),
]
BROKERS = [nox.param("REDIS_URL", id="Redis"), nox.param("RABBITMQ_URL", id="RabbitMQ")]


PATH = os.environ["PATH"]


def find_interpreters() -> None:
    """Also among pyenv's Pythons, chosen there or not, and in the folders that PYTHONS names."""
    folders = os.environ.get("PYTHONS", "").split(os.pathsep)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders += map(str, sorted(pyenv.glob("versions/*/bin")))
    os.environ["PATH"] = os.pathsep.join([*filter(None, folders), PATH])


find_interpreters()


@nox.session
@nox.parametrize("python,django", SUPPORTED)
def matrix(session: nox.Session, django: str) -> None:
    """The built wheel, installed, on one Python and one Django, with SQLite."""
    place = Path(session.virtualenv.location).resolve() / "beside"
    shutil.rmtree(place, ignore_errors=True)
    wheels = place / "wheels"
    wheels.mkdir(parents=True)
    pins = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("django==")]
    (place / "requirements.txt").write_text("\n".join(pins))
    session.install(DJANGO[django], "-r", str(place / "requirements.txt"))
    session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(ROOT))
    (wheel,) = wheels.glob("*.whl")
    session.install(f"{wheel}[sandbox]", DJANGO[django])
    for name in BESIDE:
        copy(ROOT / name, place / name)
    session.chdir(place)
    session.run("python", "-c", "import conferencing_app as app; assert 'site-packages' in app.__file__, app.__file__")
    session.run("python", "-m", "django", "--version")
    session.run("python", "-m", "pytest", "-q", *SIDE_BY_SIDE, *TESTS, *session.posargs)


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@nox.session(python=False)
@nox.parametrize("broker", BROKERS)
@nox.parametrize("database", DATABASES)
def suite(session: nox.Session, database: str, broker: str) -> None:
    """The whole suite on one database and one broker, nothing left out."""
    missing = [line for name, line in SERVERS.items() if not os.environ.get(name)]
    if missing:
        session.error(f"Not all servers were given. Add to the command: {' '.join(missing)}")
    given = {"TEST_DATABASE_URL": os.environ.get(database, ""), "CELERY_BROKER_URL": os.environ[broker]}
    session.run("make", "test", env={**given, "PATH": PATH, "REQUIRE_SERVICES": "1"}, external=True)
