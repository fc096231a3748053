"""Events of the minimal host: each kind of model, and each way to tell the field how to read it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Upper

from conferencing_app import ConferencingField


class Lesson(models.Model):
    """The plain case: an integer key, every argument a column."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    tzid = models.CharField(max_length=64, blank=True)
    cancelled = models.BooleanField(default=False)
    notes = models.TextField(blank=True)

    conferencing = ConferencingField(
        owner="owner",
        summary="title",
        description="description",
        start="starts_at",
        end="ends_at",
        tzid="tzid",
        cancelled="cancelled",
    )

    def __str__(self) -> str:
        return self.title


class LessonProxy(Lesson):
    class Meta:
        proxy = True


class Excursion(Lesson):
    """A child with a table of its own: its conference is that of the lesson."""

    place = models.CharField(max_length=200, blank=True)


class Webinar(models.Model):
    """A UUID as its key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    when = models.DateTimeField()
    guests = models.JSONField(default=list)

    conferencing = ConferencingField(owner="host", summary="name", start="when", attendees="guests")

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    name = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return self.name


class RoomBooking(models.Model):
    """The owner is found by way of a relation, guests are users."""

    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE)
    title = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    guests = models.ManyToManyField(settings.AUTH_USER_MODEL)

    conferencing = ConferencingField(owner="room.owner", summary="title", start="starts_at", location="room.name")

    def __str__(self) -> str:
        return self.title


class PartyBooking(models.Model):
    """Many-to-many attendees."""

    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    guests = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")

    conferencing = ConferencingField(owner="host", summary="headline", start="starts_at", attendees="guests")

    def __str__(self) -> str:
        return self.headline()

    def headline(self) -> str:
        return "Party"


class AbstractEvent(models.Model):
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    starts_at = models.DateTimeField()

    conferencing = ConferencingField(owner="person", summary="title", start="starts_at")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class Workshop(AbstractEvent):
    seats = models.PositiveIntegerField(default=10)


class Seminar(AbstractEvent):
    pass


class Consultation(models.Model):
    """Only those that ask get a conference; arguments are functions."""

    adviser = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    topic = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    minutes = models.PositiveIntegerField(default=30)
    status = models.CharField(max_length=20, default="planned")

    conferencing = ConferencingField(
        owner=lambda event: event.adviser,
        summary=lambda event: f"About {event.topic}",
        start="starts_at",
        cancelled=lambda event: event.status == "cancelled",
        attach=None,
    )

    def __str__(self) -> str:
        return self.topic


class Visit(models.Model):
    """Day and hour on the wall of a place: a naive time and the place's zone."""

    visitor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    day = models.DateField(null=True)
    hour = models.TimeField(null=True)
    zone = models.CharField(max_length=100, blank=True)

    conferencing = ConferencingField(owner="visitor", summary=str, start="begins", tzid="zone")

    def __str__(self) -> str:
        return f"Visit on {self.day}"

    @property
    def begins(self) -> Any:
        if self.day is None or self.hour is None:
            return self.day
        return datetime.combine(self.day, self.hour)


class Recital(models.Model):
    """Columns that the database fills in."""

    artist = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    heading = models.GeneratedField(
        expression=Upper("title"), output_field=models.CharField(max_length=200), db_persist=True
    )
    starts_at = models.DateTimeField()
    is_new = models.BooleanField(db_default=True)

    conferencing = ConferencingField(owner="artist", summary="heading", start="starts_at")

    def __str__(self) -> str:
        return self.title


class Imported(models.Model):
    """Stands for another package's model, which gets its field later (see below)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=200)
    begin = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject


class ImportedChild(Imported):
    extra = models.CharField(max_length=20, blank=True)


Imported.add_to_class("conferencing", ConferencingField(owner="user", summary="subject", start="begin"))


class Heard(models.Model):
    """A notification that a receiver of this site was told of, in the order in which it was."""

    notification = models.CharField(max_length=40)
    sequence = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.notification} ({self.sequence})"
