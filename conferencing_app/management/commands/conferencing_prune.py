from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from conferencing_app.provisioning import pruning


class Command(BaseCommand):
    help = (
        "Deletes what is older than its retention (CONFERENCING_RETENTION_DAYS, CONFERENCING_RETENTION), in batches, "
        "and says what. Workers do the same by themselves every hour. It may be stopped and repeated at any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        deleted: Counter[str] = Counter()
        try:
            while True:
                batch = pruning.prune()
                deleted.update(batch)
                if not pruning.is_more(batch):
                    break
        finally:  # what is gone is told, however it ends
            self._print(deleted)

    def _print(self, deleted: Counter[str]) -> None:
        for name, count in deleted.items():
            if count:
                self.stdout.write(_("%(table)s: %(count)d deleted.") % {"table": name, "count": count})
        if not deleted.total():
            self.stdout.write(_("Nothing is old enough."))
