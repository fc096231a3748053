"""What was told of a conference or an account, on its own page: the notifications, where they went, and mails."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from conferencing_app.admin.objectpage import ObjectPageAdmin, Related
from conferencing_app.models import Mail, Notification, NotificationDelivery


def tables_of(page: ObjectPageAdmin, request: HttpRequest, subject: str) -> Iterator[Related | None]:
    """The tables below the page of what has this public id."""
    news = Notification.objects.filter(subject=subject).order_by("-sequence")
    columns = ["public_id", "type", "cause_code", "created_at"]
    yield page.rows_of(request, _("Notifications"), news, columns, subject__exact=subject)
    told = NotificationDelivery.objects.filter(subject=subject).select_related("notification").order_by("-pk")
    columns = ["told", "receiver", "health", "status", "attempts", "due_at", "delivered_at"]
    yield page.rows_of(request, _("Deliveries"), told, columns, subject__exact=subject)
    mails = Mail.objects.filter(subject=subject).select_related("user").order_by("-pk")
    columns = ["public_id", "kind", "user", "health", "created_at", "sent_at"]
    yield page.rows_of(request, _("Mails"), mails, columns, subject__exact=subject)
