from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conferencing_app.doctor.finding import ERROR, Finding
from conferencing_app.doctor.findings import callbacks, findings, registrations
from conferencing_app.doctor.lines import settings_block
from conferencing_app.doctor.reaching import Reached, reach


class Command(BaseCommand):
    help = "Says what is misconfigured, and the line to paste or to run. Ends with 1 when something is wrong."
    requires_system_checks: list[str] = []  # it runs them itself, and goes on after an error

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--init", action="store_true", help="Print the settings of a new site, with a fresh key.")
        parser.add_argument("--json", action="store_true", help="Print all as one JSON object.")
        parser.add_argument(
            "--connect",
            action="store_true",
            help="Also try broker, mail server, the site itself and the providers, with this site's client.",
        )
        parser.add_argument(
            "--limit-seconds", type=float, default=10.0, help="How long --connect may take in all (default: 10)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["init"]:
            self.stdout.write(settings_block())
            return
        if not options["limit_seconds"] > 0:
            raise CommandError(_("--limit-seconds must be above 0."))
        found = findings()
        reached = reach(options["limit_seconds"]) if options["connect"] else []
        if options["json"]:
            self._print_json(found, reached)
        else:
            self._print(found, reached)
        wrong = len(found) + sum(each.finding is not None for each in reached)
        if wrong:
            message = ngettext("%(count)d thing is wrong.", "%(count)d things are wrong.", wrong)
            raise CommandError(message % {"count": wrong})

    def _print_json(self, found: list[Finding], reached: list[Reached]) -> None:
        report = {
            "callbacks": callbacks(),
            "registrations": registrations(),
            "findings": [asdict(each) for each in [*found, *(one.finding for one in reached if one.finding)]],
            "reached": [{"what": each.what, "address": each.address, "trouble": each.trouble} for each in reached],
        }
        self.stdout.write(json.dumps(report, indent=2))

    def _print(self, found: list[Finding], reached: list[Reached]) -> None:
        for alias, address in callbacks().items():
            self.stdout.write(
                _("To be registered with %(provider)s: %(address)s") % {"provider": alias, "address": address}
            )
        for alias, kind in registrations().items():
            self.stdout.write(f"{alias}: {kind}")
        for finding in found:
            self._print_finding(finding, finding.message)
        for each in reached:
            if each.finding:
                self._print_finding(each.finding, f"{each.what}  {each.address}: {each.trouble}")
            else:
                self.stdout.write(self.style.SUCCESS(f"{each.what}  {each.address}: {_('answers')}"))
        if not found and not any(each.finding for each in reached):
            self.stdout.write(self.style.SUCCESS(_("All is in order.")))

    def _print_finding(self, finding: Finding, message: str) -> None:
        style = self.style.ERROR if finding.level == ERROR else self.style.WARNING
        self.stdout.write(style(f"{finding.id}  {message}"))
        if finding.hint:
            self.stdout.write(f"    {finding.hint}")
