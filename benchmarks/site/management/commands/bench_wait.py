from __future__ import annotations

from collections import Counter
from typing import Any

from benchmarks.site.waiting import WaitCommand
from conferencing_app.models import Conference


class Command(WaitCommand):
    help = "Waits until each booking has its link, or the time is up; prints how many are in which state, as JSON."

    def left(self) -> int:
        return Conference.objects.exclude(state=Conference.State.ASSIGNED).count()

    def ended(self) -> dict[str, Any]:
        links = Conference.objects.exclude(join_url="").values_list("join_url", flat=True)
        states = Counter(Conference.objects.values_list("state", flat=True))
        return {"states": states, "links": len(set(links))}
