from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from conferencing_app import crypto
from conferencing_app.exceptions import KeyUnavailable
from conferencing_app.services import rotation

BATCH = 200


class Command(BaseCommand):
    help = (
        "Seals all stored secrets with the newest of CONFERENCING_ENCRYPTION_KEYS, and says which older keys may go. "
        "The site and its workers may run meanwhile. May be stopped and repeated at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", action="store_true", help="Only count what each key has sealed; change nothing.")
        parser.add_argument("--batch-size", type=int, default=BATCH, help="Values a transaction (%(default)s).")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch_size"] < 1:
            raise CommandError(_("--batch-size must be at least 1."))
        try:
            newest = crypto.key_ids()[0]
            total = rotation.Resealed() if options["count"] else self._reseal(options["batch_size"])
        except (KeyUnavailable, IndexError) as error:
            message = _("CONFERENCING_ENCRYPTION_KEYS holds no key that can be used. manage.py check says more.")
            raise CommandError(message) from error
        left = self._tell(newest)
        if left and not options["count"]:
            raise CommandError(self._why_left(left, total))

    def _reseal(self, batch_size: int) -> rotation.Resealed:
        total = rotation.Resealed()
        for column in rotation.COLUMNS:
            here = rotation.Resealed()
            for batch in rotation.reseal(column, batch_size):
                here += batch
            self.stdout.write(_("%(column)s: %(count)d sealed anew.") % {"column": column, "count": here.done})
            total += here
        return total

    def _tell(self, newest: str) -> int:
        """Say what each key is needed for; how many values need another one than the newest."""
        counts = rotation.count_by_key()
        for position, key in enumerate(crypto.key_ids(), start=1):
            about = {"position": position, "key": key, "count": counts[key]}
            self.stdout.write(_sentence(key == newest, counts[key]) % about)
        for key, count in rotation.missing_keys().items():
            message = _("%(count)d values need the key %(key)s, which CONFERENCING_ENCRYPTION_KEYS does not hold.")
            self.stderr.write(self.style.ERROR(message % {"key": key, "count": count}))
        return sum(counts.values()) - counts[newest]

    def _why_left(self, left: int, total: rotation.Resealed) -> str:
        if total.locked:
            return _("%(left)d values are left: %(locked)d of them can't be opened, for lack of their key.") % {
                "left": left,
                "locked": total.locked,
            }
        return _("%(left)d values are left, which were in use or are new. Run this again.") % {"left": left}


def _sentence(is_newest: bool, count: int) -> str:
    if is_newest:
        return _("Key %(position)d (%(key)s), the newest, has sealed %(count)d values.")
    if count:
        return _("Key %(position)d (%(key)s) is still needed for %(count)d values: keep it.")
    return _("Key %(position)d (%(key)s) is needed for nothing: it may go, once no process runs with older settings.")
