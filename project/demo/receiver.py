"""Another program that hears what becomes of bookings: it takes what is posted, and verifies each signature."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass
class Receiver:
    """``with receiver:`` listens on a free port. ``secret`` is known once the site has told it."""

    secret: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204 if receiver.take(body, dict(self.headers)) else 400)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hooks/conferencing"

    def take(self, body: bytes, headers: dict[str, str]) -> bool:
        """Whether its signature is good. One that arrives again is known by its id."""
        try:
            news = Webhook(self.secret).verify(body, {name.lower(): value for name, value in headers.items()})
        except (WebhookVerificationError, ValueError):
            self.refused += 1
            return False
        if news["data"]["notification_id"] not in [each["data"]["notification_id"] for each in self.heard]:
            self.heard.append(news)
        return True
