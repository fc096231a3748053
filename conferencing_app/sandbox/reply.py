"""What a provider answers, as data, so that faults can change it before it goes out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response


@dataclass(slots=True)
class Reply:
    """An answer. `body`: JSON when a dict or list, HTML when text, empty when None. `redirect` wins over it."""

    status: int
    body: dict[str, Any] | list[Any] | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    redirect: str | None = None

    def as_response(self) -> Response:
        """The answer in Starlette's form."""
        if self.redirect is not None:
            return RedirectResponse(self.redirect, self.status, self.headers)
        if self.body is None:
            return Response(status_code=self.status, headers=self.headers)
        if isinstance(self.body, str):
            return HTMLResponse(self.body, self.status, self.headers)
        content = json.dumps(self.body, separators=(",", ":"))
        return Response(content, self.status, self.headers, "application/json;charset=UTF-8")


class Refusal(Exception):
    """Raised by an operation to answer with an error of the provider's own."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status} {reply.body}")
        self.reply = reply
