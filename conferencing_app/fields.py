"""Columns for secrets and for keys, and the ids that the outside sees."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.db import models

from conferencing_app import crypto


class Sealed:
    """An opaque envelope. It never opens by itself, and neither ``str`` nor ``repr`` shows what is in it."""

    __slots__ = ("envelope",)

    def __init__(self, envelope: str) -> None:
        self.envelope = envelope

    def __bool__(self) -> bool:
        return bool(self.envelope)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.envelope == self.envelope

    def __hash__(self) -> int:
        return hash(self.envelope)

    def __repr__(self) -> str:
        return "<Sealed>" if self.envelope else "<Sealed, empty>"

    @classmethod
    def seal(cls, plain: str, place: str) -> Sealed:
        """``plain`` sealed for ``place``; an empty text stays empty. Raises KeyUnavailable."""
        return cls(crypto.seal(plain, place) if plain else "")

    def open(self, place: str) -> str:
        """What was sealed for ``place``. Raises KeyUnavailable."""
        return crypto.unseal(self.envelope, place) if self.envelope else ""


if TYPE_CHECKING:
    SealedColumn = models.TextField[Sealed, Sealed]
else:
    SealedColumn = models.TextField


class SealedField(SealedColumn):
    """A text column that holds a :class:`Sealed`. Filters and exports see the envelope, never what is in it."""

    # What django-stubs reads of a field: the types that are assigned and read.
    _pyi_private_set_type: Sealed  # type: ignore[assignment]  # not the text that TextField means
    _pyi_private_get_type: Sealed  # type: ignore[assignment]  # likewise

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", Sealed(""))
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for key in ("editable", "blank", "default"):
            kwargs.pop(key, None)
        return name, path, args, kwargs

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed:
        return Sealed(value or "")

    def to_python(self, value: Any) -> Sealed:
        return value if isinstance(value, Sealed) else Sealed(value or "")

    def get_prep_value(self, value: Any) -> str:
        if isinstance(value, Sealed):
            return value.envelope
        if not value:
            return ""
        raise TypeError("A sealed column takes a Sealed, never a plain text.")

    def value_to_string(self, obj: models.Model) -> str:
        return ""  # dumpdata: an envelope is worthless elsewhere, so it stays here.


class ExactField(models.CharField):
    """A short text of which each letter counts, on every database: MariaDB and MySQL take "A" for "a" by default."""

    def db_parameters(self, connection: Any) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            parameters["collation"] = "utf8mb4_bin"
        return parameters


def new_public_id(prefix: str) -> str:
    """An id that the outside may see: the prefix and 24 hexadecimal digits from 96 random bits."""
    return f"{prefix}_{secrets.token_hex(12)}"
