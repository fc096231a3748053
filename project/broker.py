"""Celery's broker as a folder, safe for a worker that looks at any moment.

Kombu's own transport creates a message's file under its final name and fills it afterwards. A worker that looks in
between reads an empty message, takes that for an error of its own, and ends. Here a message gets its name once it is
whole.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(  # type: ignore[override]  # as the class that it replaces, which differs from its own base
        self, queue: str, payload: Any, **kwargs: Any
    ) -> None:
        """Write beside, then rename. Raises ChannelError."""
        folder = Path(self.data_folder_out)
        # Kombu reads in the order of the names, as text: the digits must be as many each time, and outlive a restart.
        name = f"{time.time_ns():020}_{uuid.uuid4()}.{queue}.msg"
        draft = folder / f".{name}.part"  # no queue's name ends like this, so nobody takes it
        text = dumps(payload)  # type: ignore[no-untyped-call]  # Kombu has no types
        try:
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot add the file {name} to {folder}.") from error


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Make ``filesystem://`` mean this transport, in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:{Transport.__name__}"
