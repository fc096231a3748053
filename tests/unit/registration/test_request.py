"""What may be assigned, and how a mistake is named."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from conferencing_app.registration.request import Request, parse

LINK = {"profile_id": "explicit", "join_url": "https://meet.example/x", "provider_description": "Our room"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"profile_id": "default"}, Request("default")),
        ({"profile_id": "integrated"}, Request("integrated")),
        ({"profile_id": "none"}, Request("none")),
        (MappingProxyType({"profile_id": "none"}), Request("none")),
        (LINK, Request("explicit", "https://meet.example/x", "Our room")),
        (
            {**LINK, "join_url": "http://localhost:8000/a?b=c#d"},
            Request("explicit", "http://localhost:8000/a?b=c#d", "Our room"),
        ),
        ({**LINK, "join_url": "https://intranet/room"}, Request("explicit", "https://intranet/room", "Our room")),
    ],
)
def test_requests_are_understood_without_a_query(value: Any, expected: Request) -> None:
    assert parse(value, "conferencing") == expected


@pytest.mark.parametrize(
    ("value", "key", "code"),
    [
        (None, "conferencing", "invalid"),
        ("default", "conferencing", "invalid"),
        (["default"], "conferencing", "invalid"),
        ({}, "conferencing.profile_id", "required"),
        ({"profile_id": ""}, "conferencing.profile_id", "required"),
        ({"profile_id": None}, "conferencing.profile_id", "required"),
        ({"profile_id": "zoom"}, "conferencing.profile_id", "not_recognized"),
        ({"profile_id": "DEFAULT"}, "conferencing.profile_id", "not_recognized"),
        ({"profile_id": 5}, "conferencing.profile_id", "not_recognized"),
        ({"profile_id": ["default"]}, "conferencing.profile_id", "not_recognized"),
        ({"profile_id": {"a": 1}}, "conferencing.profile_id", "not_recognized"),
        ({"profile_id": "pro_\x00"}, "conferencing.profile_id", "not_recognized"),
        ({"profile_id": "default", "join_url": "https://a.example"}, "conferencing.join_url", "not_recognized"),
        ({"profile_id": "default", "pin": "1"}, "conferencing.pin", "not_recognized"),
        ({**LINK, "pin": "1"}, "conferencing.pin", "not_recognized"),
        ({"profile_id": "explicit"}, "conferencing.join_url", "required"),
        ({"profile_id": "explicit", "join_url": "https://a.example"}, "conferencing.provider_description", "required"),
        ({**LINK, "provider_description": ""}, "conferencing.provider_description", "required"),
        ({**LINK, "provider_description": 5}, "conferencing.provider_description", "invalid"),
        ({**LINK, "provider_description": "x" * 256}, "conferencing.provider_description", "invalid"),
        ({**LINK, "provider_description": "a\x00b"}, "conferencing.provider_description", "invalid"),
        *(
            ({**LINK, "join_url": url}, "conferencing.join_url", "invalid")
            for url in [
                "meet.example/x",
                "javascript:alert(1)",
                "ftp://meet.example/x",
                "https://",
                "https:///x",
                "https://a b.example",
                "https://a.example/\n",
                "https://[::1",
                "https://a.example:99999999",
                "https://a.example/" + "x" * 2000,
                5,
            ]
        ),
    ],
)
def test_mistakes_are_named(value: Any, key: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse(value, "conferencing")
    ((named, errors),) = refused.value.error_dict.items()
    assert (named, [error.code for error in errors]) == (key, [code])
    assert refused.value.message_dict[key][0]


@pytest.mark.django_db
def test_an_unknown_profile_is_not_recognized() -> None:
    with pytest.raises(ValidationError) as refused:
        parse({"profile_id": "pro_000000000000000000000000"}, "conferencing")
    assert refused.value.error_dict["conferencing.profile_id"][0].code == "not_recognized"


def test_the_message_names_what_is_possible() -> None:
    with pytest.raises(ValidationError) as refused:
        parse({"profile_id": "default", "pin": "1"}, "meet")
    assert refused.value.message_dict == {
        "meet.pin": ['"pin" is not taken with this profile_id; possible: profile_id.']
    }
