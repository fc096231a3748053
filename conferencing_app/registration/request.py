"""What an assignment asks for, in the JSON of the wire: ``{"profile_id": "default"}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from conferencing_app.conf import settings

DEFAULT, INTEGRATED, EXPLICIT, NONE = "default", "integrated", "explicit", "none"
PROFILE_PREFIX = "pro_"
EXPLICIT_KEYS = ("join_url", "provider_description")
URL_LENGTH, DESCRIPTION_LENGTH = 2000, 255


class Request(NamedTuple):
    """A request that was checked. ``profile_user`` is the owner of the profile that it names, as text.

    ``written``: a save has stored it, in a transaction that may still come to nothing.
    """

    profile_id: str
    join_url: str = ""
    provider_description: str = ""
    profile_user: str = ""
    written: bool = False

    def columns(self) -> dict[str, Any]:
        """Values by column of the conference."""
        return {
            "profile_request": self.profile_id,
            "explicit_join_url": self.join_url,
            "explicit_description": self.provider_description,
        }


def parse(value: Any, name: str) -> Request:
    """The request in ``value``. Costs one query where it names a profile, else none.

    Raises ValidationError by dotted key (``conferencing.profile_id``); its codes are required, invalid and
    not_recognized. ``name`` is the name of the field on the host's model.
    """
    if not isinstance(value, Mapping):
        message = _(
            'Assign a mapping such as {"profile_id": "default"}; {"profile_id": "none"} removes the conference.'
        )
        raise _error(name, message, "invalid")
    profile_id = value.get("profile_id")
    if not profile_id:
        raise _error(f"{name}.profile_id", _("profile_id must be specified."), "required")
    allowed = ("profile_id", *(EXPLICIT_KEYS if profile_id == EXPLICIT else ()))
    for key in value:
        if key not in allowed:
            message = _('"%(key)s" is not taken with this profile_id; possible: %(allowed)s.')
            raise _error(f"{name}.{key}", message, "not_recognized", key=key, allowed=", ".join(allowed))
    if profile_id == EXPLICIT:
        return _explicit(value, name)
    if profile_id in (DEFAULT, INTEGRATED, NONE):
        return Request(profile_id)
    return Request(profile_id, profile_user=_user_of(profile_id, name))


def not_yours(name: str) -> ValidationError:
    """The error for a profile that is not the owner's; it does not tell that the profile exists."""
    return _not_recognized(f"{name}.profile_id")


def _explicit(value: Mapping[str, Any], name: str) -> Request:
    for key in EXPLICIT_KEYS:
        if not value.get(key):
            raise _error(
                f"{name}.{key}", _("%(key)s must be specified with an explicit conference."), "required", key=key
            )
    join_url, description = value["join_url"], value["provider_description"]
    if not _is_web_address(join_url):
        raise _error(f"{name}.join_url", _("join_url must be a complete http or https address."), "invalid")
    if not isinstance(description, str) or len(description) > DESCRIPTION_LENGTH or "\x00" in description:
        message = _("provider_description must be a text of at most %(limit)d characters.")
        raise _error(f"{name}.provider_description", message, "invalid", limit=DESCRIPTION_LENGTH)
    return Request(EXPLICIT, join_url=join_url, provider_description=description)


def _is_web_address(url: Any) -> bool:
    if not isinstance(url, str) or len(url) > URL_LENGTH or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _user_of(profile_id: Any, name: str) -> str:
    found = None
    if isinstance(profile_id, str) and profile_id.startswith(PROFILE_PREFIX) and "\x00" not in profile_id:
        # By name, as this floor lies below the models.
        profiles = apps.get_model("conferencing_app", "ConferencingProfile").objects.using(settings.DATABASE).linked()
        found = profiles.filter(public_id=profile_id).values_list("user_id", flat=True).first()
    if found is None:
        raise _not_recognized(f"{name}.profile_id")
    return str(found)


def _not_recognized(key: str) -> ValidationError:
    message = _("profile_id is not recognized: use default, integrated, explicit, none, or the id of a linked profile.")
    return _error(key, message, "not_recognized")


def _error(key: str, message: Any, code: str, /, **params: Any) -> ValidationError:
    return ValidationError({key: [ValidationError(message, code=code, params=params or None)]})
