"""What an event should have, and what people are shown."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Self

from django.conf import settings as django_settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from conferencing_app import causes, clock
from conferencing_app.fields import ExactField, new_public_id
from conferencing_app.models.notification import Subject
from conferencing_app.models.work import DueWork, DueWorkQuerySet
from conferencing_app.providers import registry

# What has been due for longer than this is late.
LATE = timedelta(minutes=5)


class ConferenceQuerySet(DueWorkQuerySet):
    def due(self) -> Self:
        """Of those that became due at the same moment, the one whose event starts soonest comes first."""
        return super().due().order_by("due_at", models.F("start").asc(nulls_last=True), "pk")

    def waiting(self) -> Self:
        """Those without a link whose events lie ahead."""
        return self.filter(state__in=[Conference.State.PENDING, Conference.State.FAILING], start__gt=clock.now())

    def late(self) -> Self:
        """Those that are still to be made although they have been due for long: no worker gets to them."""
        return self.filter(state=Conference.State.PENDING, due_at__lte=clock.now(-LATE))

    def for_admins(self) -> Self:
        """Those without a link that only an administrator can help to one."""
        codes = [cause.code for cause in causes.CAUSES.values() if cause.actor is causes.Actor.ADMIN]
        return self.filter(state=Conference.State.FAILING, cause_code__in=codes)


class Conference(Subject, DueWork):
    """The wanted side: a snapshot of the event, a digest and a version. And the shown side: state, link and cause.

    ``event_model`` is the label of the concrete model that declares the field ("bookings.booking"), ``event_key`` the
    event's primary key as text. Times are in UTC.
    """

    class State(models.TextChoices):
        PENDING = "pending"  # being made
        FAILING = "failing"  # retried, or waiting for a person
        ASSIGNED = "assigned"
        NOT_MADE = "not_made"  # the event is past, or the conference was removed on request

    class Request(models.TextChoices):
        """What ``profile_id`` may be besides a profile's own id."""

        DEFAULT = "default"
        INTEGRATED = "integrated"
        EXPLICIT = "explicit"
        NONE = "none"

    # Which event.
    public_id = ExactField(max_length=40, default=partial(new_public_id, "cnf"), editable=False)
    event_model = models.CharField(max_length=200)
    event_key = ExactField(max_length=200)

    # What is wanted.
    profile_request = models.CharField(max_length=64, default=Request.DEFAULT)
    explicit_join_url = models.TextField(blank=True)
    explicit_description = models.CharField(max_length=255, blank=True)
    owner = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    summary = models.TextField(blank=True)
    description = models.TextField(blank=True)
    location = models.TextField(blank=True)
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    tzid = models.CharField(max_length=64, blank=True)
    locale = models.CharField(max_length=16, blank=True)
    calendar = models.CharField(max_length=64, blank=True)
    attendees = models.JSONField(default=list, blank=True)
    cancelled = models.BooleanField(default=False)
    event_deleted = models.BooleanField(default=False)
    # A cause that lies in the event itself (no_time, end_before_start, unknown_time_zone), known when it was read.
    event_cause = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    # The event must be read afresh: a save could not see all of it.
    stale = models.BooleanField(default=False)

    # How often its host has deleted its meeting since somebody last asked for one.
    host_deletions = models.PositiveSmallIntegerField(default=0, editable=False)

    # The profile that the next call is made for: the lane in which this row waits its turn.
    lane = models.ForeignKey(
        "ConferencingProfile", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    # What people are shown.
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    provider = models.CharField(max_length=64, blank=True)
    join_url = models.TextField(blank=True)
    passcode = models.CharField(max_length=64, blank=True)
    dial_in = models.JSONField(default=list, blank=True)
    cause_code = models.CharField(max_length=64, blank=True)
    cause_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    # When it was last asked for anew (NULL: when created): an event that had begun by then gets none.
    asked_at = models.DateTimeField(null=True, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    # When the owner was told by mail that the event starts soon and has no link: once.
    warned_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager] = ConferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_model", "event_key"], name="conferencing_one_conference_per_event"),
            # Not ``unique=True``, which on PostgreSQL makes a second index, for LIKE, that each save would have to pay.
            models.UniqueConstraint(fields=["public_id"], name="conferencing_one_conference_per_id"),
        ]
        indexes = [
            models.Index(fields=["due_at", "start"], name="conferencing_conference_next"),
            models.Index(fields=["state", "due_at"], name="conferencing_conference_state"),
            # What has no link and starts soon.
            models.Index(fields=["state", "start"], name="conferencing_conference_soon"),
            # What was made, by day.
            models.Index(fields=["assigned_at", "provider"], name="conferencing_conference_made"),
        ]
        permissions = [("try_now_conference", _("Can have conferences tried now"))]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.event_model} {self.event_key})"

    @property
    def cause(self) -> causes.Cause | None:
        """Why it is not there, or why an update did not work; None when all is well.

        Its sentence is complete, and in the language that is active. It may read the profile that the event waits for.
        """
        return causes.get(self.cause_code).told_of(self.provider_label) if self.cause_code else None

    @property
    def provider_label(self) -> str:
        """How people call the provider that it has or waits for; empty while there is none."""
        return registry.label(self.provider_alias) if self.provider_alias else ""

    @property
    def provider_alias(self) -> str:
        """The provider that it has or waits for. It may read the profile that the event waits for."""
        lane = None if self.provider else self.lane
        return lane.provider if lane else self.provider

    def as_dict(self) -> dict[str, Any] | None:
        """The conference as it reads on the wire; None for one that is not made."""
        match self.state:
            case self.State.NOT_MADE:
                return None
            case self.State.PENDING:
                return {"pending": True}
            case self.State.FAILING:
                return {"pending": True, "cause": self.cause_code}
        shown = {"provider_name": self.provider_name, "join_url": self.join_url}
        if self.profile_request == self.Request.EXPLICIT:
            shown["provider_description"] = self.explicit_description
        return shown

    @property
    def provider_name(self) -> str:
        """The provider as the wire calls it; "other" for an explicit link."""
        return self.provider or ("other" if self.state == self.State.ASSIGNED else "")
