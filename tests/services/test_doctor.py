"""The doctor finds a broker that is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, current_app
from celery._state import _set_current_app

from conferencing_app.doctor.reaching import Reached, reach


@pytest.fixture
def use_broker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Lets the site have this broker, and nothing else that could be reached."""
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    settings.CONFERENCING_PROVIDERS = {}
    former = current_app._get_current_object()

    def use(url: str, **options: Any) -> None:
        Celery("site", broker=url, set_as_current=True).conf.update(broker_transport_options=options)

    yield use
    _set_current_app(former)


def answering() -> list[str]:
    reached: list[Reached] = reach(10)
    return [each.what for each in reached if not each.trouble]


@pytest.mark.redis
def test_redis_answers(use_broker: Any) -> None:
    use_broker(os.environ["REDIS_URL"])
    assert answering() == ["broker"]


@pytest.mark.rabbitmq
def test_rabbitmq_answers(use_broker: Any) -> None:
    use_broker(os.environ["RABBITMQ_URL"])
    assert answering() == ["broker"]


def test_a_folder_answers(use_broker: Any, tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("data_folder_in", "data_folder_out", "control_folder")}
    for folder in folders.values():
        folder.mkdir()
    use_broker("filesystem://", **folders)
    assert answering() == ["broker"]
