"""Empties the tables after each test with transactions of its own, in place of Django's command of this name.

Django's empties content types and permissions, too, and has all apps make them anew: ten times the time of the rest.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.core.management.commands import flush
from django.db import connections

KEPT = {ContentType._meta.db_table, Permission._meta.db_table}


class Command(flush.Command):
    help = "Empties all tables but those that only migrations write to."

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        emptied = connection.ops.sql_flush(
            no_style(), sorted(set(tables) - KEPT), reset_sequences=options["reset_sequences"]
        )
        connection.ops.execute_sql_flush(emptied)
