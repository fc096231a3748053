"""The forms of the pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from conferencing_app.models import ConferencingProfile


class RenameForm(forms.Form):
    """How a person calls one of their accounts."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=ConferencingProfile._meta.get_field("name").max_length,
        help_text=_("Only you see it. Leave it empty to use the account's own name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class UnlinkForm(forms.Form):
    """What becomes of the meetings that lie ahead."""

    REMOVE = "remove"
    KEEP = "keep"

    meetings = forms.ChoiceField(
        label=_("What should become of these meetings?"),
        choices=[
            (REMOVE, _("Remove them. Their join links stop working.")),
            (KEEP, _("Leave them as they are. Their join links keep working, but they no longer follow the events.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what should become of these meetings.")},
    )


class CodeForm(forms.Form):
    """The code from a mail."""

    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=20,
        help_text=_("Only type it here if it was you who asked for the mail."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("Type the code from the mail.")},
    )
