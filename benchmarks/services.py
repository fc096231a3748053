"""The servers that a measurement may use: those whose URLs were given, and no other."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
import pymysql
import redis
from psycopg import sql


class NotGiven(RuntimeError):
    """A server is needed whose URL was not given; the message is the line that gives it."""


HINTS = {
    "POSTGRES_URL": "POSTGRES_URL=postgresql://user:password@127.0.0.1:5432/postgres (a role that may make databases)",
    "MARIADB_URL": "MARIADB_URL=mysql://user:password@127.0.0.1:3306/conferencing (who may make databases)",
    "REDIS_URL": "REDIS_URL=redis://127.0.0.1:6379/0",
    "RABBITMQ_URL": "RABBITMQ_URL=amqp://guest:guest@127.0.0.1:5672//",
}


def given(name: str) -> str:
    """The URL of a server. Raises NotGiven."""
    if url := os.environ.get(name, ""):
        return url
    raise NotGiven(f"not measured: give {HINTS[name]}")


def server_versions() -> dict[str, str]:
    """By name, of the database and the broker that figures are taken with, where they were given."""
    versions = {}
    with suppress(NotGiven, psycopg.Error), psycopg.connect(given("POSTGRES_URL")) as connection:
        versions["postgresql"] = connection.info.parameter_status("server_version") or ""
    with suppress(NotGiven, redis.RedisError), redis.Redis.from_url(given("REDIS_URL")) as server:
        versions["redis-server"] = server.info("server")["redis_version"]
    return versions


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database, dropped in the end. Raises NotGiven."""
    server = given("POSTGRES_URL")
    name = f"conferencing_bench_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            for left in (name, f"test_{name}"):  # a suite that was cut short leaves its own beside it
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(left)))


@contextmanager
def fresh_mariadb() -> Iterator[str]:
    """The URL of a MariaDB database that is not there yet: the suite makes its own beside it. Raises NotGiven."""
    server = urlsplit(given("MARIADB_URL"))
    name = f"conferencing_bench_{secrets.token_hex(4)}"
    yield urlunsplit(server._replace(path=f"/{name}"))
    account = {"user": unquote(server.username or ""), "password": unquote(server.password or "")}
    with pymysql.connect(host=server.hostname, port=server.port or 3306, **account) as connection:
        connection.cursor().execute(f"DROP DATABASE IF EXISTS `test_{name}`")


@contextmanager
def own_queue(broker: str) -> Iterator[str]:
    """The name of a queue that nobody else reads; on a Redis that answers, nothing of it is left in the end."""
    name = f"conferencing_bench_{secrets.token_hex(4)}"
    try:
        yield name
    finally:
        if broker == os.environ.get("REDIS_URL"):
            with redis.Redis.from_url(broker) as server:
                server.delete(name, *server.scan_iter(f"_kombu.binding*.{name}*"))


@contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that lets everybody in and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield int(listener.getsockname()[1])


@contextmanager
def closed_port() -> Iterator[int]:
    """A port at which connections are refused: bound, so that nobody else takes it, and nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])
