from __future__ import annotations

from allauth.socialaccount.models import SocialToken

from benchmarks.site.linking import LinkCommand


class Command(LinkCommand):
    help = "Connects accounts through the pages; prints queries, milliseconds, and whether a dump shows the tokens."

    start = "/accounts/zoom/login/?process=connect"

    def tokens(self) -> list[str]:
        return [token for pair in SocialToken.objects.values_list("token", "token_secret") for token in pair if token]
