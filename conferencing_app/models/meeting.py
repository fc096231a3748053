"""One real object at a provider that the app made, and so owns."""

from __future__ import annotations

import base64
import secrets
from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Substr

from conferencing_app.fields import ExactField, Sealed, SealedField
from conferencing_app.models.conference import Conference

# No database indexes a text of any length. So much of a link's start tells links apart well enough to find one by it.
LINK_START_LENGTH = 200


def new_marker() -> str:
    """128 random bits in base32, without padding: 26 letters and digits. Not a secret."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=")


class MeetingQuerySet(models.QuerySet):
    def with_link(self, join_url: str) -> Self:
        """Those that are joined by exactly this link; found by an index."""
        return self.filter(join_url_start=join_url[:LINK_START_LENGTH], join_url=join_url)

    def present(self) -> Self:
        """Those that are, or may be, alive at the provider (or about to be)."""
        return self.exclude(state=Meeting.State.GONE)

    def doom(self) -> int:
        """These are to be removed at the provider. Call in a transaction."""
        self._lock_conferences()
        return self.present().update(state=Meeting.State.DOOMED, cause_code="", retry_at=None)

    def forget_hosts(self) -> int:
        """Wipe the links by which hosts start these. Call in a transaction."""
        self._lock_conferences()
        return self.present().update(host_url=Sealed(""))

    def _lock_conferences(self) -> None:
        """Before their meetings, in the order in which workers lock them."""
        concerned = Conference.objects.using(self.db).filter(pk__in=self.present().values("conference")).order_by("pk")
        list(concerned.select_for_update().values_list("pk"))


class Meeting(models.Model):
    """The actual side. The row is committed before the provider is called, so no meeting is ever without one.

    ``planned``: nothing was sent. ``sent``: a create is under way, or its outcome is unknown. ``live``: it is there.
    ``doomed``: it is to be removed (an empty ``meeting_id`` means: look for it by the marker first). ``gone``.
    """

    class State(models.TextChoices):
        PLANNED = "planned"
        SENT = "sent"
        LIVE = "live"
        DOOMED = "doomed"
        GONE = "gone"

    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="meetings")
    profile = models.ForeignKey(
        "ConferencingProfile", on_delete=models.PROTECT, related_name="meetings", db_index=False
    )
    state = models.CharField(max_length=16, choices=State, default=State.PLANNED)
    marker = models.CharField(max_length=26, default=new_marker)
    # When a create was last sent: a search before this plus the provider's lag proves nothing.
    sent_at = models.DateTimeField(null=True, blank=True)
    # A create was repeated after an unknown outcome: look once more whether there are two now.
    second_look = models.BooleanField(default=False)
    # After an update whose answer tells nothing, or a message that it was edited there: read what it is now.
    read_back = models.BooleanField(default=False)
    # When the provider first said that it is gone, in a message or an answer, and has not been asked again since.
    missing_since = models.DateTimeField(null=True, blank=True)
    # Why the last call for it did not work, and when the next is due; NULL with a cause: when a person has acted.
    cause_code = models.CharField(max_length=64, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)

    meeting_id = ExactField(max_length=255, blank=True)
    join_url = models.TextField(blank=True)
    join_url_start = models.GeneratedField(
        expression=Substr("join_url", 1, LINK_START_LENGTH),
        output_field=models.CharField(max_length=LINK_START_LENGTH),
        db_persist=True,
    )
    passcode = models.CharField(max_length=64, blank=True)
    dial_in = models.JSONField(default=list, blank=True)
    host_url = SealedField()
    # The digest of the spec that the provider was last brought to.
    applied_digest = models.CharField(max_length=64, blank=True)
    # When the event starts and ends by that spec: a meeting that is over needs no removal.
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField()
    live_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager] = MeetingQuerySet.as_manager()

    class Meta:
        # Each row is written three times until it is live. ``db_index`` on a text makes two indexes on PostgreSQL, the
        # second for LIKE, and nothing asks so; and a key's own index is the beginning of a longer one.
        indexes = [
            models.Index(fields=["profile", "state"], name="conferencing_meeting_profile"),
            models.Index(fields=["marker"], name="conferencing_meeting_marker"),
            models.Index(fields=["meeting_id"], name="conferencing_meeting_number"),
            models.Index(fields=["join_url_start"], name="conferencing_meeting_link"),
        ]

    def __str__(self) -> str:
        return f"{self.marker} ({self.state})"

    def place(self, column: str) -> str:
        """What a sealed column of this row is bound to."""
        return f"meeting|{column}|{self.marker}"
