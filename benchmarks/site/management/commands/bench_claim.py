from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from conferencing_app.conf import settings
from conferencing_app.models import Conference
from conferencing_app.provisioning.reconcile import Conferences

BATCH = 32


class Command(BaseCommand):
    help = "Claims all that is due, in batches as a worker does, and gives it back; prints how long the claims took."

    def handle(self, *args: Any, **options: Any) -> None:
        handler = Conferences(settings.DATABASE)
        Conference.objects.due().exists()  # the connection, the caches of this process
        claimed, begun = 0, time.perf_counter()
        while jobs := handler.claim(BATCH):
            claimed += len(jobs)
        seconds = time.perf_counter() - begun
        Conference.objects.filter(lease_until__isnull=False).update(lease_until=None)
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM {Conference._meta.db_table}")  # what this round left behind burdens no other
        self.stdout.write(json.dumps({"claimed": claimed, "seconds": seconds}))
