from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

from conferencing_app.models import Conference

# Of every so many rows that are not due, one is looked at again later; the others are settled.
LATER_EACH = 10


class Command(BaseCommand):
    help = "Fills the table of conferences (PostgreSQL): so many rows, of which so many are due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rows", type=int)
        parser.add_argument("due", type=int)

    def handle(self, *args: Any, rows: int, due: int, **options: Any) -> None:
        owner = get_user_model().objects.first()
        pattern = Conference.objects.create(
            event_model="bookings.booking", event_key="0", owner=owner, created_at=timezone.now()
        )
        own = {
            "public_id": "'cnf_' || number",
            "event_key": "number::text",
            "due_at": f"CASE WHEN number %% {rows // due} = 0 THEN now() - interval '1 hour'"
            f" WHEN number %% {LATER_EACH} = 1 THEN now() + interval '1 day' END",
        }
        columns = [str(field.column) for field in Conference._meta.concrete_fields if not field.primary_key]
        names = ", ".join(f'"{column}"' for column in columns)
        values = ", ".join(own.get(column, f'"{column}"') for column in columns)
        table = Conference._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(1, %s) AS number"
                f" WHERE id = %s",
                [rows, pattern.pk],
            )
        pattern.delete()
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM ANALYZE {table}")
        self.stdout.write(json.dumps({"rows": Conference.objects.count()}))
