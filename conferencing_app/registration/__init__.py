"""How to read a host's event. No models here, so that a host's ``models.py`` may import it."""

from conferencing_app.registration.arguments import NotInMemory, in_memory_only
from conferencing_app.registration.field import ConferencingField, field_for, registered_models
from conferencing_app.registration.request import Request
from conferencing_app.registration.snapshot import Snapshot
from conferencing_app.registration.subscriptions import Subscription, check_endpoint_url

__all__ = [
    "ConferencingField",
    "NotInMemory",
    "Request",
    "Snapshot",
    "Subscription",
    "check_endpoint_url",
    "field_for",
    "in_memory_only",
    "registered_models",
]
