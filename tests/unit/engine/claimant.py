"""A process that claims as fast as it can, and prints in JSON what it got."""

from __future__ import annotations

import json
import os
import random
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import transaction  # noqa: E402 - the apps must be loaded first

from conferencing_app import clock  # noqa: E402
from conferencing_app.engine import claim, lanes  # noqa: E402
from conferencing_app.models import Conference, ConferencingProfile  # noqa: E402

LANES = 25


def claim_rows() -> list[str]:
    """Until none is due; the keys."""
    claimed: list[str] = []
    while True:
        with transaction.atomic():
            rows = claim.lease(claim.lock(Conference.objects.due(), 16), 600, "default")
        claimed += [row.event_key for row in rows]
        if not rows and not Conference.objects.due().exists():
            return claimed


def take_lanes(ids: list[int], cap: int) -> dict[str, object]:
    """Take and let go until it had LANES; what was taken, and how many were ever seen held at once."""
    seen = 0
    taken: list[tuple[int, int]] = []
    while len(taken) < LANES:
        wanted = random.sample(ids, 3)
        with transaction.atomic():
            held = lanes.take(ConferencingProfile, wanted, gate="provider", cap=cap, seconds=60, using="default")
        seen = max(seen, ConferencingProfile.objects.filter(lease_until__gt=clock.now()).count())
        taken += list(held.items())
        lanes.release(ConferencingProfile, held, "default")
    return {"seen": seen, "taken": taken}


if __name__ == "__main__":
    result = claim_rows() if sys.argv[1] == "rows" else take_lanes(json.loads(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(result))
