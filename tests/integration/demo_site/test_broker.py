"""The folder that is the demo's broker: a message is there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu.connection import Connection

from project.broker import Transport


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Any]:
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "c")}
    with Connection(transport=Transport, transport_options=folders) as connection:
        yield connection.channel()


class Onlooker:
    """A part of a message that looks into the folder at the moment when it is written out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[str] = []

    def __json__(self) -> str:
        self.seen.append(", ".join(path.name for path in self.folder.iterdir() if path.name.endswith(".msg")))
        return "told"


def test_a_message_is_not_seen_before_it_is_whole(channel: Any, tmp_path: Path) -> None:
    onlooker = Onlooker(tmp_path)
    channel._put("celery", {"body": onlooker})
    assert onlooker.seen == [""]
    assert channel._get("celery") == {"body": "told"}


def test_a_draft_is_nobodys_message(channel: Any, tmp_path: Path) -> None:
    """What a process leaves that dies while it writes."""
    (tmp_path / ".1_0b5f.celery.msg.part").write_text("{")
    with pytest.raises(Empty):
        channel._get("celery")


def test_messages_come_in_the_order_of_their_writing(channel: Any, tmp_path: Path) -> None:
    numbers = list(range(20))
    for number in numbers:
        channel._put("celery", {"number": number})
        channel._put("other", {"number": -number})
    assert [channel._get("celery")["number"] for _ in numbers] == numbers
    with pytest.raises(Empty):
        channel._get("celery")
