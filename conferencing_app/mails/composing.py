"""How a mail reads: its templates, with what was written down for it and what is so when it is sent."""

from __future__ import annotations

import json
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.views.decorators.debug import sensitive_variables

from conferencing_app.mails.facts import present_facts
from conferencing_app.mails.site import site_name, site_url
from conferencing_app.models import Mail


@sensitive_variables()
def compose(mail: Mail, to: list[str]) -> EmailMultiAlternatives:
    """The mail as it is sent to these addresses. Raises Moot (there is nothing to tell any more), KeyUnavailable."""
    opened = mail.secrets.open(mail.place("secrets"))
    with translation.override(mail.language):
        context = {
            **mail.facts,
            **json.loads(opened or "{}"),
            **present_facts(mail),
            "site_name": site_name(),
            "profiles_url": site_url(reverse("conferencing:profiles")),
        }
        context["subject"] = " ".join(_render(mail.kind, "subject.txt", context).split())
        text, page = (_render(mail.kind, part, context) for part in ("body.txt", "body.html"))
    message = EmailMultiAlternatives(context["subject"], text, to=to)
    message.attach_alternative(page, "text/html")
    return message


@sensitive_variables()
def _render(kind: str, part: str, context: dict[str, Any]) -> str:
    return render_to_string(f"conferencing_app/mail/{kind}_{part}", context)
