"""Give old events their conferences: everything that did not pass through ``save()`` since the field was added."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import connections, router
from django.utils.translation import gettext as _

from conferencing_app import events
from conferencing_app.registration import ConferencingField, registered_models

BAR_WIDTH = 30


class Command(BaseCommand):
    help = (
        "Brings the conferences of a model's events up to date. May be stopped and repeated at any time: events that "
        "are up to date cost no write. Goes through the table by its primary key, one transaction a batch."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("models", nargs="+", metavar="APP.Model", help="Models with a ConferencingField.")
        parser.add_argument("--from-pk", help="Go on after the event with this primary key; for one model.")
        parser.add_argument("--batch-size", type=int, default=events.BATCH, help="Events a transaction (%(default)s).")
        parser.add_argument("--database", help="The alias that holds the events; as the router says by default.")

    def handle(self, *args: Any, **options: Any) -> None:
        fields = [self._field(label) for label in options["models"]]
        if options["from_pk"] is not None and len(fields) > 1:
            raise CommandError(_("--from-pk goes with one model only."))
        if options["batch_size"] < 1:
            raise CommandError(_("--batch-size must be at least 1."))
        if options["database"] not in (None, *connections):
            message = _("--database must be one of: %(aliases)s.")
            raise CommandError(message % {"aliases": ", ".join(connections)})
        for field in fields:
            self._backfill(field, **{name: options[name] for name in ("from_pk", "batch_size", "database")})

    def _field(self, label: str) -> ConferencingField:
        try:
            return events.registered_field(apps.get_model(label))
        except (LookupError, ValueError, TypeError) as error:
            known = ", ".join(model._meta.label for model in registered_models())
            message = _("%(label)s has no ConferencingField. Models that have one: %(known)s.")
            raise CommandError(message % {"label": label, "known": known or "-"}) from error

    def _backfill(
        self, field: ConferencingField, *, from_pk: str | None, batch_size: int, database: str | None
    ) -> None:
        model: Any = field.declared_on
        rows = model._base_manager.using(database or router.db_for_write(model)).order_by("pk")
        if from_pk is not None:
            rows = rows.filter(pk__gt=self._key(field, from_pk))
        bar = Bar(self, rows.count(), model._meta.label)
        total = events.Synced()
        keys = list(rows.values_list("pk", flat=True)[:batch_size])
        while keys:
            try:
                total += events.sync_batch(field, keys, rows.db)
            except BaseException:
                self._say_how_to_go_on(model._meta.label, from_pk)
                raise
            from_pk = str(keys[-1])
            bar.show(total, from_pk)
            keys = list(rows.filter(pk__gt=keys[-1]).values_list("pk", flat=True)[:batch_size])
        bar.end()
        message = _("%(label)s: %(seen)d events, %(created)d conferences created, %(updated)d brought up to date.")
        counts = {"seen": total.seen, "created": total.created, "updated": total.updated}
        self.stdout.write(self.style.SUCCESS(message % {"label": model._meta.label, **counts}))

    def _key(self, field: ConferencingField, text: str) -> Any:
        try:
            return field.value_of_text(text)
        except ValidationError as error:
            raise CommandError(_("--from-pk: %(error)s") % {"error": " ".join(error.messages)}) from error

    def _say_how_to_go_on(self, label: str, from_pk: str | None) -> None:
        go_on = f" --from-pk {from_pk}" if from_pk is not None else ""
        message = _("Stopped. To go on: manage.py conferencing_backfill %(label)s%(go_on)s")
        self.stderr.write("\n" + message % {"label": label, "go_on": go_on})


class Bar:
    """A progress bar on a terminal; elsewhere one line a batch, for logs."""

    def __init__(self, command: BaseCommand, events: int, label: str) -> None:
        self.out = command.stdout
        self.events = events
        self.label = label

    def show(self, total: events.Synced, key: str) -> None:
        share = min(total.seen / self.events, 1) if self.events else 1
        if self.out.isatty():
            filled = "#" * int(share * BAR_WIDTH)
            self.out.write(f"\r{self.label} [{filled:<{BAR_WIDTH}}] {share:4.0%} {total.seen}/{self.events}", ending="")
            self.out.flush()
        else:
            self.out.write(f"{self.label}: {total.seen}/{self.events}, up to primary key {key}")

    def end(self) -> None:
        if self.out.isatty():
            self.out.write("")
