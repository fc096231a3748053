"""Each catalogue has every message, translated and compiled, and no other; a page speaks the reader's language."""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from tests.house import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
each_catalogue = pytest.mark.parametrize("path", messages.catalogues(), ids=lambda path: path.parent.parent.name)


def entries(path: Path) -> list[Any]:
    return [message for message in messages.read(path) if message.id]


def as_texts(value: Any) -> list[str]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


@each_catalogue
def test_the_catalogue_has_each_message_of_the_code_and_no_other(path: Path) -> None:
    """To bring it up to date: make messages."""
    told = {messages.key_of(message.id, message.context) for message in entries(path)}
    wanted = messages.in_the_code()
    assert {"missing": wanted - told, "obsolete": told - wanted} == {"missing": set(), "obsolete": set()}


@each_catalogue
def test_each_message_is_translated_for_certain(path: Path) -> None:
    catalogue = messages.read(path)
    assert [message.id for message in entries(path) if not all(as_texts(message.string))] == []
    assert [message.id for message in entries(path) if message.fuzzy] == []
    assert list(catalogue.obsolete) == []


@each_catalogue
def test_each_translation_keeps_the_placeholders(path: Path) -> None:
    wrong = [
        message.id
        for message in entries(path)
        for text in as_texts(message.string)
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(as_texts(message.id)[-1]))
    ]
    assert wrong == []


@each_catalogue
def test_what_is_compiled_is_what_stands_in_the_catalogue(path: Path) -> None:
    """To bring it up to date: make messages."""
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in entries(path):
        if isinstance(message.id, (tuple, list)):
            forms = [compiled.ngettext(message.id[0], message.id[1], count) for count in (1, 2)]
            assert forms == list(message.string)
        elif message.context:
            assert compiled.pgettext(message.context, message.id) == message.string
        else:
            assert compiled.gettext(message.id) == message.string


def test_messages_are_found_where_they_stand() -> None:
    """The comparison is worth nothing if the code is not read: one of each kind."""
    found = {message for message, _context in messages.in_the_code()}
    assert {
        "The event has already begun, or is over.",  # gettext_lazy
        "%(count)d thing is wrong.",  # ngettext
        "Join the meeting",  # translate
        "This site gives back its access to the %(provider)s account and forgets it. New events no longer use it.",
        "%(count)d done.",  # a command's
    } <= found


@pytest.mark.django_db
def test_a_page_speaks_german(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("alice"))
    with translation.override("en"):  # given back afterwards: the middleware leaves its choice to this thread
        page = client.get("/conferencing/", headers={"Accept-Language": "de"})
    assert page.headers["Content-Language"] == "de"
    text = page.content.decode()
    assert '<html lang="de"' in text
    assert "Konferenzkonten" in text
    assert "Zoom verknüpfen" in text


@pytest.mark.django_db
def test_a_command_speaks_the_language_of_the_site(capsys: pytest.CaptureFixture[str]) -> None:
    with translation.override("de"):
        call_command("conferencing_drain")
    assert capsys.readouterr().out == "0 erledigt.\n"
