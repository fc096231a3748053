from __future__ import annotations

import requests
from celery import shared_task

from benchmarks.peers.naive.models import Booking
from benchmarks.peers.naive.sessions import session_of
from benchmarks.peers.site import SANDBOX_URL


@shared_task(autoretry_for=(requests.RequestException,), retry_backoff=True)
def make_meeting(booking_id: int) -> None:
    booking = Booking.objects.select_related("host__zoom_account").get(pk=booking_id)
    answer = session_of(booking.host.zoom_account).post(
        f"{SANDBOX_URL}/zoom/v2/users/me/meetings",
        json={
            "topic": booking.title,
            "type": 2,
            "start_time": f"{booking.starts_at:%Y-%m-%dT%H:%M:%SZ}",
            "duration": int((booking.ends_at - booking.starts_at).total_seconds() // 60),
            "agenda": booking.notes,
        },
        timeout=15,
    )
    answer.raise_for_status()
    meeting = answer.json()
    Booking.objects.filter(pk=booking_id).update(meeting_id=meeting["id"], join_url=meeting["join_url"])
