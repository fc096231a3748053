"""The one form of the site."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.bookings.models import Booking

# What <input type="datetime-local"> sends and wants to be given.
LOCAL_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


class LocalDateTimeInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format=LOCAL_FORMATS[0])


class BookingForm(forms.ModelForm):
    """A booking's title, times and notes; times are in the site's time zone."""

    class Meta:
        model = Booking
        fields = ["title", "starts_at", "ends_at", "notes"]
        labels = {
            "title": _("What is it about?"),
            "starts_at": _("Starts"),
            "ends_at": _("Ends"),
            "notes": _("Notes for your guests"),
        }
        widgets = {"notes": forms.Textarea(attrs={"rows": 4})}
        error_messages = {
            "title": {"required": _("Give the booking a title.")},
            "starts_at": {"required": _("Say when it starts.")},
            "ends_at": {"required": _("Say when it ends.")},
        }
        field_classes = {"starts_at": forms.DateTimeField, "ends_at": forms.DateTimeField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("starts_at", "ends_at"):
            field = self.fields[name]
            field.widget = LocalDateTimeInput()
            field.widget.is_required = field.required
            field.input_formats = LOCAL_FORMATS  # type: ignore[attr-defined]  # both are DateTimeFields
            field.error_messages["invalid"] = _("Choose a date and a time.")
        zone = timezone.get_current_timezone_name()
        self.fields["starts_at"].help_text = _("Times are in %(zone)s.") % {"zone": zone.replace("_", " ")}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts_at, ends_at = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", _("The end must be after the start."))
        return cleaned
