"""What a signal says: its sender and its arguments, read afresh for each receiver."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from conferencing_app.conf import settings
from conferencing_app.models import Conference, ConferencingProfile, Notification
from conferencing_app.notifications.catalogue import ABOUT_PROFILES
from conferencing_app.registration import field_for


def sender_of(notification: Notification) -> Any:
    """The model of the event, or ConferencingProfile. None where that model is no longer installed."""
    if notification.type in ABOUT_PROFILES:
        return ConferencingProfile
    try:
        return apps.get_model(notification.data["event"]["model"])
    except LookupError:
        return None


def arguments_of(notification: Notification) -> dict[str, Any]:
    """All that a receiver gets besides ``signal`` and ``sender``."""
    about = _profile if notification.type in ABOUT_PROFILES else _event
    return {
        **about(notification),
        "cause": notification.cause_code,
        "notification_id": notification.public_id,
        "sequence": notification.sequence,
    }


def _profile(notification: Notification) -> dict[str, Any]:
    profiles = ConferencingProfile.objects.using(settings.DATABASE)
    return {
        "profile": profiles.filter(public_id=notification.subject).first(),
        "relink_url": notification.data.get("relink_url", ""),
    }


def _event(notification: Notification) -> dict[str, Any]:
    conferences = Conference.objects.using(settings.DATABASE)
    return {
        "event": _stored_event(sender_of(notification), notification.data["event"]["key"]),
        "conference": conferences.filter(public_id=notification.subject).first(),
        "conferencing": notification.data["conferencing"],
        "subtype": notification.subtype,
    }


def _stored_event(model: Any, key: str) -> Any:
    field = field_for(model) if model is not None else None
    if field is None:
        return None
    return model._base_manager.using(field.alias).filter(pk=key).first()
