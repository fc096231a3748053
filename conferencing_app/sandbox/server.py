"""Running the sandbox: arguments checked, loopback only, ready when it says so, gone at SIGTERM."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from .app import create_app
from .faults import ENVIRONMENT_VARIABLE, FaultError, parse_startup_faults
from .state import SANDBOX_SECRET_TOKEN, Client, Sandbox, Startup, webhook_objection


class SandboxUsageError(ValueError):
    """The sandbox cannot be started like this; the message says what to change."""


class ReadyServer(uvicorn.Server):
    """A uvicorn server that tells when it accepts connections."""

    def __init__(self, config: uvicorn.Config, sandbox: Sandbox, ready_file: Path | None) -> None:
        super().__init__(config)
        self.sandbox = sandbox
        self.ready_file = ready_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the address and write the ready file in one step."""
        await super().startup(sockets)
        if self.should_exit:
            return
        print(f"Conferencing sandbox: {self.sandbox.base_url}", flush=True)
        if self.ready_file is not None:
            partial = self.ready_file.with_name(self.ready_file.name + ".part")
            partial.write_text(self.sandbox.base_url, encoding="utf-8")
            partial.replace(self.ready_file)


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clients: Iterable[Client] = (),
    ready_file: str | Path | None = None,
    log: str | Path | None = None,
    exit_on_stdin_close: bool = False,
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    `host` must be loopback; `port` 0 takes a free one. `ready_file` receives the base URL once connections are
    accepted. `log` is the journal (JSON lines, appended to). `exit_on_stdin_close` ends the server with the process
    that holds its input. Raises SandboxUsageError for anything of these, or of the environment's faults, that cannot
    be used.
    """
    startup = Startup(
        clients=tuple(clients),
        faults=tuple(_environment_faults()),
        log=Path(log) if log else None,
    )
    listener = _listen(host, port)
    startup = replace(startup, base_url=_url(listener))
    try:
        sandbox = Sandbox(startup)
    except OSError as error:
        listener.close()
        raise SandboxUsageError(f"The log file cannot be written: {error}.") from error
    config = uvicorn.Config(
        create_app(sandbox),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = ReadyServer(config, sandbox, Path(ready_file) if ready_file else None)
    if exit_on_stdin_close:
        threading.Thread(target=_exit_with_stdin, args=(server,), daemon=True).start()
    _run(server, listener)
    sandbox.journal.close()


def _run(server: ReadyServer, listener: socket.socket) -> None:
    """Run to the end; a signal that asks to stop is a normal end, not a death."""
    signals = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    # uvicorn raises the signal again when it has shut down: by then there is nothing left to do.
    previous = {number: signal.signal(number, lambda *_: None) for number in signals}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise SandboxUsageError(f"host {host!r} is not an address; use 127.0.0.1.") from None
    if not address.is_loopback:
        raise SandboxUsageError(f"host {host} is not loopback: the sandbox trusts everyone; use 127.0.0.1.")
    listener = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((str(address), port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise SandboxUsageError(f"port {port} cannot be used ({error}); --port 0 takes a free one.") from error
    return listener


def _url(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _parse_client(text: str, redirect_uris: list[str], webhook_url: str, webhook_secret_token: str) -> Client:
    provider, _, rest = text.partition(":")
    client_id, _, secret = rest.partition(":")
    if provider != "zoom" or not client_id or not secret:
        raise SandboxUsageError("a client is written zoom:ID:SECRET.")
    if webhook_url and (objection := webhook_objection(webhook_url)):
        raise SandboxUsageError(objection)
    return Client(
        client_id,
        secret,
        redirect_uris=list(redirect_uris),
        webhook_url=webhook_url,
        webhook_secret_token=webhook_secret_token,
    )


def _environment_faults() -> list[dict[str, Any]]:
    try:
        return parse_startup_faults(os.environ.get(ENVIRONMENT_VARIABLE, ""))
    except FaultError as error:
        raise SandboxUsageError(f"{ENVIRONMENT_VARIABLE}: {error}") from error


def _exit_with_stdin(server: uvicorn.Server) -> None:
    # Straight from the descriptor: a reader of the buffered object would hold its lock while the interpreter ends.
    while os.read(0, 4096):
        pass
    server.should_exit = True


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status (2 for bad usage)."""
    parser = argparse.ArgumentParser(prog="python -m conferencing_app.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--ready-file", help="receives the base URL once connections are accepted")
    parser.add_argument("--client", action="append", default=[], metavar="zoom:ID:SECRET")
    parser.add_argument("--redirect-uri", action="append", default=[], help="registered for every client; repeatable")
    parser.add_argument("--webhook-url", default="", help="where every client is sent its events; on this machine")
    parser.add_argument("--webhook-secret-token", default=SANDBOX_SECRET_TOKEN, help="what those are signed with")
    parser.add_argument("--log", help="append every request and change of state to this file, as JSON lines")
    parser.add_argument("--exit-on-stdin-close", action="store_true", help="stop when standard input is closed")
    chosen = parser.parse_args(arguments)
    every = (chosen.redirect_uri, chosen.webhook_url, chosen.webhook_secret_token)
    try:
        serve(
            host=chosen.host,
            port=chosen.port,
            clients=[_parse_client(text, *every) for text in chosen.client],
            ready_file=chosen.ready_file,
            log=chosen.log,
            exit_on_stdin_close=chosen.exit_on_stdin_close,
        )
    except SandboxUsageError as error:
        print(f"conferencing sandbox: {error}", file=sys.stderr)
        return 2
    return 0
