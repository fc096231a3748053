"""What is posted: one body for both worlds, written once and sent byte for byte each time.

``type``, ``timestamp`` and ``data`` as Standard Webhooks has them; ``notification`` and ``event`` as Cronofy's clients
read them (https://docs.cronofy.com/developers/api/conferencing-services/subscriptions/).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from conferencing_app.engine.batches import rewrite
from conferencing_app.models import Notification
from conferencing_app.notifications.catalogue import ABOUT_PROFILES


def freeze(notifications: Sequence[Notification], using: str) -> None:
    """Give those of these that have none their body."""
    fresh = [notification for notification in notifications if not notification.body]
    for notification in fresh:
        notification.body = json.dumps(body_of(notification), ensure_ascii=False, separators=(",", ":"))
    rewrite(fresh, ["body"], using)


def body_of(notification: Notification) -> dict[str, Any]:
    """The body as it is put into JSON."""
    facts = {
        "notification_id": notification.public_id,
        "sequence": notification.sequence,
        **({"cause": notification.cause_code} if notification.cause_code else {}),
    }
    moment = notification.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    about = _about_profile if notification.type in ABOUT_PROFILES else _about_event
    data, wire = about(notification)
    return {"type": notification.type, "timestamp": moment, "data": facts | data, **wire}


def _about_profile(notification: Notification) -> tuple[dict[str, Any], dict[str, Any]]:
    profile = {"profile_id": notification.subject, "provider_name": notification.data.get("provider", "")}
    if "relink_url" in notification.data:
        profile["profile_relink_url"] = notification.data["relink_url"]
    return {"profile": profile}, {"notification": {"type": notification.type}}


def _about_event(notification: Notification) -> tuple[dict[str, Any], dict[str, Any]]:
    event, conferencing = notification.data["event"], notification.data["conferencing"]
    interaction = {"type": notification.type}
    if notification.subtype:
        interaction["subtype"] = notification.subtype
    on_the_wire = {
        "event_id": event["key"],
        **{name: event[name] for name in ("summary", "start", "end", "tzid") if event.get(name)},
        **({"conferencing": conferencing} if conferencing is not None else {}),
    }
    return (
        {"conference_id": notification.subject, "event": {"model": event["model"], **on_the_wire}},
        {"notification": {"type": "event_subscription", "interactions": [interaction]}, "event": on_the_wire},
    )
