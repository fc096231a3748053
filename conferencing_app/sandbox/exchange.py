"""One request from arrival to answer: logged, subjected to the ordered faults, carried out, answered."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .faults import Fault
from .reply import Refusal, Reply
from .requestlog import LogEntry
from .state import Sandbox

EDGE_ERROR_PAGE = (
    "<html>\n<head><title>{status} Bad Gateway</title></head>\n"
    "<body>\n<center><h1>{status} Bad Gateway</h1></center>\n<hr><center>nginx</center>\n</body>\n</html>\n"
)


@dataclass(slots=True)
class Exchange:
    """What an operation needs: the sandbox, the request with its body read, and its log entry."""

    sandbox: Sandbox
    request: Request
    body: bytes
    entry: LogEntry

    def form(self) -> dict[str, str]:
        """Form fields, from the body or else the query, as Zoom's token endpoint takes them."""
        fields = dict(self.request.query_params)
        fields.update(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        return fields

    def form_list(self, name: str) -> list[str]:
        """Every value of a repeated form field in the body."""
        return [value for key, value in parse_qsl(self.body.decode("utf-8", "replace")) if key == name]


Operation = Callable[[Exchange], Reply]
Naming = Callable[[Exchange], None]


class CutConnection:
    """A response that closes the connection without a byte, as a failing network or load balancer does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope["sandbox.transport"]
        if transport is None:
            raise RuntimeError("Only uvicorn lets a connection be cut: run the sandbox with its own command.")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def endpoint(
    provider: str, operation: str, perform: Operation, identify: Naming
) -> Callable[[Request], Awaitable[Response]]:
    """Make a Starlette endpoint of an operation. `identify` fills in whose request it is, and may rename it."""

    async def handle(request: Request) -> Response:
        sandbox: Sandbox = request.app.state.sandbox
        log = sandbox.log  # a reset meanwhile gives the sandbox a new one
        body = await request.body()
        entry = LogEntry(
            sequence=log.next_sequence(),
            started=sandbox.clock.timestamp(),
            provider=provider,
            operation=operation,
            method=request.method,
            path=request.url.path,
            request_id=secrets.token_hex(8),
        )
        exchange = Exchange(sandbox, request, body, entry)
        identify(exchange)
        log.open(entry)
        status: int | None = None
        try:
            reply = await _answer(exchange, perform)
            if reply is None:
                return CutConnection()  # type: ignore[return-value]  # an ASGI callable serves as a response
            status = reply.status
            reply.headers.setdefault("x-zm-trackingid", entry.request_id)
            return reply.as_response()
        finally:
            log.close(entry, status, sandbox.clock.timestamp())
            if sandbox.journal.enabled:
                sandbox.journal.write("request", entry.as_dict())

    return handle


async def _answer(exchange: Exchange, perform: Operation) -> Reply | None:
    """The reply, or None for a connection to cut."""
    sandbox, entry = exchange.sandbox, exchange.entry
    latency = sandbox.options.latency_seconds
    fault = sandbox.faults.take(entry.provider, entry.operation, entry.account)
    # Half the latency on the way in, half on the way out: a caller that dies meanwhile cannot tell which.
    if latency:
        await asyncio.sleep(latency / 2)
    reply = _perform(exchange, perform) if fault is None else await _strike(exchange, perform, fault)
    if latency:
        await asyncio.sleep(latency / 2)
    return reply


def _perform(exchange: Exchange, perform: Operation) -> Reply:
    try:
        return perform(exchange)
    except Refusal as refusal:
        return refusal.reply


async def _strike(exchange: Exchange, perform: Operation, fault: Fault) -> Reply | None:
    exchange.entry.fault = fault.action
    if fault.action in ("delay", "drop_after", "malformed"):
        reply = _perform(exchange, perform)
        await asyncio.sleep(fault.seconds)
        if fault.action == "malformed":
            return _malformed(reply)
        return reply if fault.action == "delay" else None
    await asyncio.sleep(fault.seconds)
    if fault.action == "delay_before":
        return _perform(exchange, perform)
    if fault.action == "drop_before":
        return None
    return _instead(fault)


def _instead(fault: Fault) -> Reply:
    """The answer of a fault that keeps the operation from happening."""
    if fault.action == "ignore":
        return Reply(204, None, dict(fault.headers))
    if fault.action == "html":
        status = fault.status or 502
        page = fault.body if isinstance(fault.body, str) else EDGE_ERROR_PAGE.format(status=status)
        return Reply(status, page, dict(fault.headers))
    status = fault.status or 503
    body: Any = fault.body
    if body is None:
        body = {"code": status, "message": "Service temporarily unavailable."}
    return Reply(status, body, dict(fault.headers))


def _malformed(reply: Reply) -> Reply:
    """The true status with half a JSON body (an empty answer gets a lone brace)."""
    response = reply.as_response()
    half = bytes(response.body)[: max(1, len(response.body) // 2)].decode("utf-8", "replace") or "{"
    return Reply(reply.status if reply.status != 204 else 200, half, {"content-type": "application/json"})
