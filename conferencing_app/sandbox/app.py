"""The ASGI application: the providers' routes, the control interface, one style sheet."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .control import CONTROL_ROUTES
from .pages import index_page
from .state import Sandbox
from .zoom.routes import ROUTES as ZOOM_ROUTES

STYLE_SHEET = Path(__file__).parent / "static" / "sandbox.css"


def create_app(sandbox: Sandbox) -> ASGIApp:
    """Build the application around one state."""
    own = [Route("/", _index), Route("/_static/sandbox.css", _style_sheet), Route("/favicon.ico", _no_icon)]
    routes = [*ZOOM_ROUTES, *CONTROL_ROUTES, *own]
    app = Starlette(routes=routes)
    app.state.sandbox = sandbox
    return _with_transport(app)


def _with_transport(app: ASGIApp) -> ASGIApp:
    """Give requests their connection, so that a fault can cut it; ASGI itself has no word for that."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            cycle = getattr(send, "__self__", None)  # uvicorn's RequestResponseCycle
            scope["sandbox.transport"] = getattr(cycle, "transport", None)
        await app(scope, receive, send)

    return wrapped


async def _style_sheet(_request: Request) -> Response:
    return FileResponse(STYLE_SHEET, media_type="text/css")


async def _index(request: Request) -> Response:
    return HTMLResponse(index_page(request.app.state.sandbox.base_url))


async def _no_icon(_request: Request) -> Response:
    return Response(status_code=204)  # browsers always ask; a 404 would stand in their consoles
