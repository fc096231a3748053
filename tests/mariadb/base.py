"""MariaDB for the suite, over PyMySQL, which needs no compiler; and a table is emptied by DELETE.

TRUNCATE makes a table anew; after each test with transactions of its own that is paid for all tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pymysql

pymysql.install_as_MySQLdb()  # Django imports the driver by this name

from django.db.backends.mysql import base, operations  # noqa: E402 - the driver must be there first


class DatabaseOperations(operations.DatabaseOperations):
    def sql_flush(
        self, style: Any, tables: Sequence[str], *, reset_sequences: bool = False, allow_cascade: bool = False
    ) -> list[str]:
        if reset_sequences or not tables:
            return super().sql_flush(style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade)
        emptied = [f"DELETE FROM {self.quote_name(table)};" for table in tables]
        return ["SET FOREIGN_KEY_CHECKS = 0;", *emptied, "SET FOREIGN_KEY_CHECKS = 1;"]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
