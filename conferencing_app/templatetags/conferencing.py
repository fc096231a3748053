"""``{% conference event %}``: the card that tells where the event's conference is, and updates itself."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.template import Context

from conferencing_app import registration
from conferencing_app.models import Conference
from conferencing_app.services.card import Card, first_card

register = template.Library()


@register.inclusion_tag("conferencing_app/partials/card.html", takes_context=True)
def conference(context: Context, event: Model) -> dict[str, Card | None]:
    """The card of this event (or of a Conference): nothing for an event that has none."""
    found = event if isinstance(event, Conference) else _conference_of(event)
    if found is None:
        return {"card": None}
    request = context.get("request")
    user = getattr(request, "user", None) or context.get("user") or AnonymousUser()
    page = request.get_full_path() if request is not None and request.method == "GET" else ""
    return {"card": first_card(found, user, page)}


def _conference_of(event: Any) -> Conference | None:
    field = registration.field_for(type(event))
    if field is None:
        raise template.TemplateSyntaxError(
            f"{{% conference %}} takes a model instance with a ConferencingField, not {type(event).__name__}."
        )
    found: Conference | None = getattr(event, field.name)
    return found
