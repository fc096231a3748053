"""Called by workers, after the link is there. A worker killed at the wrong moment writes twice, which does no harm."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import send_mail
from django.dispatch import receiver
from django.utils.translation import gettext as _

from conferencing_app.signals import conferencing_assigned
from project.bookings.models import Booking


@receiver(conferencing_assigned, sender=Booking)
def tell_the_host(event: Booking | None, **_kwargs: Any) -> None:
    """By mail, with the address of the booking's page: the link itself may have changed again by then."""
    if event is None or not event.host.email:
        return
    subject = _("The meeting link of “%(title)s” is ready") % {"title": event.title}
    send_mail(subject, urljoin(settings.CONFERENCING_BASE_URL, event.get_absolute_url()), None, [event.host.email])
