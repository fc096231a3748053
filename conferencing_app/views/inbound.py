"""Where providers send what happens to accounts and meetings."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from conferencing_app.services import inbound as service
from conferencing_app.views.pages import private_page

# Providers' messages are a few kilobytes long.
LARGEST_BODY = 64 * 1024


@csrf_exempt
@private_page
@require_POST
def inbound(request: HttpRequest, provider: str) -> HttpResponse:
    """Takes a provider's message. Its signature is all that it goes by, so who may not send learns nothing else."""
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        answer = service.receive(provider, request.headers, body)
    except service.NotHeard:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    except service.Unverified:
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    return HttpResponse() if answer is None else JsonResponse(answer)
