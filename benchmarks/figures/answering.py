"""How soon a site answers what a provider sends it, as the provider measures it: over HTTP, one after the other."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from benchmarks.figures.spread import percentile
from benchmarks.stand import Stand, open_stand
from project.demo.processes import Leashed, free_port
from project.demo.stage import CLIENT_ID, answers

MESSAGES = 300
HOSTS = 20
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Answering:
    """Milliseconds from the message to its answer; ``refused`` is how many were answered otherwise, or not at all."""

    median: float
    p99: float
    of: int
    refused: int


def answer_to_deletions(database: str) -> Answering:
    """Each meeting is deleted by its host, while a worker does what follows from it."""
    with open_stand(database=database, broker="none", hosts=HOSTS) as stand:
        stand.ask("bench_save", str(MESSAGES))
        stand.start_loop()
        stand.ask("bench_wait", str(PATIENCE_SECONDS))
        secret = stand.environment["ZOOM_CLIENT_SECRET"]
        stand.control.register_client(CLIENT_ID, secret, webhook_url=f"{_start_site(stand)}/conferencing/inbound/zoom/")
        for meeting in stand.control.live_meetings():
            stand.control.delete_meeting(meeting["id"])
        deliveries = [message["deliveries"][-1] for message in stand.control.delivered()]
    times = [delivery["milliseconds"] for delivery in deliveries]
    refused = sum(not delivery["accepted"] for delivery in deliveries)
    return Answering(percentile(times, 0.5), percentile(times, 0.99), len(deliveries), refused)


def _start_site(stand: Stand) -> str:
    port = free_port()
    serve = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    site = Leashed("site", serve, stand.environment, stand.folder / "site.log")
    stand.stack.callback(site.stop)
    site.wait_until(lambda: answers(f"http://127.0.0.1:{port}/sign-in/"))
    return f"http://127.0.0.1:{port}"
