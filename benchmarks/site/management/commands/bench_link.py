from __future__ import annotations

from benchmarks.site.linking import LinkCommand
from conferencing_app.models import Grant


class Command(LinkCommand):
    help = "Links accounts through the pages; prints queries, milliseconds, and whether a dump shows the tokens."

    start = "/conferencing/link/zoom/"

    def tokens(self) -> list[str]:
        grants = Grant.objects.select_related("profile")
        columns = ("access_token", "refresh_token")
        return [getattr(grant, column).open(grant.place(column)) for grant in grants for column in columns]
