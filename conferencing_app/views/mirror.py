"""What the site sees of a request that comes the way people come: for the doctor, who asks from outside."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from conferencing_app.views.pages import private_page

SALT = "conferencing_app.mirror"
VALID_FOR = timedelta(minutes=10)


@private_page
@require_GET
def mirror(request: HttpRequest, token: str) -> HttpResponse:
    """Whether the request counts as secure, and for which host it is. Only for who holds this site's SECRET_KEY."""
    try:
        asked = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except signing.BadSignature:
        raise Http404 from None
    return JsonResponse({"asked": asked, "secure": request.is_secure(), "host": request.get_host()})


def ticket(asked: str) -> str:
    """What opens the mirror for a while; the answer repeats ``asked``, so that no older one is taken for it."""
    return signing.dumps(asked, salt=SALT)
