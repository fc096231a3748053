"""Python imports this at the start of every process that a test starts: those stay on this machine too."""

from __future__ import annotations

import importlib.util
from pathlib import Path

spec = importlib.util.spec_from_file_location("loopback", Path(__file__).resolve().parent.parent / "loopback.py")
assert spec is not None
assert spec.loader is not None
loopback = importlib.util.module_from_spec(spec)
spec.loader.exec_module(loopback)
loopback.install()
