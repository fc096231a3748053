"""The signals by which a site hears what becomes of its events and of its people's accounts, and one of the app's own.

Those that a site hears are deliveries of stored notifications: a worker sends them, outside of any transaction, at
least once, to each receiver by itself. Connect to them in ``AppConfig.ready()``, so that every process knows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.dispatch import Signal

# A model class got a ConferencingField. Arguments: sender (the model class), field.
model_registered = Signal()

# As long as the column that names a receiver.
LONGEST_NAME = 255


class NotificationSignal(Signal):
    """A signal whose receivers have names that hold in every process and in later versions of the site's code.

    A receiver's name is its ``dispatch_uid``, or else its dotted path. Those that share a name are called together.
    """

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[tuple[int, int], str] = {}

    def connect(self, receiver: Any, sender: Any = None, weak: bool = True, dispatch_uid: Any = None) -> None:
        # Every time, since an address in memory may have been another receiver's before.
        self._names[_identity(receiver)] = str(dispatch_uid or _dotted_path(receiver))[-LONGEST_NAME:]
        super().connect(receiver, sender, weak, dispatch_uid)

    def receivers_by_name(self, sender: Any) -> dict[str, list[Callable[..., Any]]]:
        """Those that listen to this sender, in this process."""
        named: dict[str, list[Callable[..., Any]]] = {}
        for receiver in (receiver for group in self._live_receivers(sender) for receiver in group):
            named.setdefault(self._names[_identity(receiver)], []).append(receiver)
        return named


def _identity(receiver: Any) -> tuple[int, int]:
    """Two of the same bound method are two objects."""
    return id(getattr(receiver, "__self__", None)), id(getattr(receiver, "__func__", receiver))


def _dotted_path(receiver: Any) -> str:
    named = receiver if hasattr(receiver, "__qualname__") else type(receiver)
    return f"{named.__module__}.{named.__qualname__}"


# About an event. Sender: the model that declares the ConferencingField. Arguments: event, conference, conferencing,
# cause, subtype, notification_id, sequence.
conferencing_assigned = NotificationSignal()
conferencing_failing = NotificationSignal()

# About an account. Sender: ConferencingProfile. Arguments: profile, relink_url, cause, notification_id,
# sequence.
conferencing_profile_linked = NotificationSignal()
conferencing_profile_disconnected = NotificationSignal()
conferencing_profile_unlinked = NotificationSignal()


# A mail could not be sent, as the person has no contact address. Arguments: sender (the user model), user, and kind,
# the mail's. Sent by a worker, once for each mail.
conferencing_contact_address_missing = Signal()
