"""Runs one command for as long as somebody holds this process's standard input open.

python leash.py COMMAND [ARGUMENT ...]

When the input is closed, by the holder or by the holder's death, the command and all that it started are ended: first
politely, then by force. Only the standard library is used, so it starts at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

POLITE_SECONDS = 12.0
# How long to wait for the killed to be gone; where nobody buries the dead of others, they stay listed for ever.
KILLED_SECONDS = 2.0


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and its whole group; returns when nothing of it is left."""
    _signal_group(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + POLITE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + KILLED_SECONDS
    while _signal_group(process.pid, 0) and time.monotonic() < deadline:
        time.sleep(0.01)


def _signal_group(group: int, number: int) -> bool:
    """Send the signal; False when nobody is left to hear it. Signal 0 only asks."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says it in the second way.
        return False
    return True


def wait_for_release() -> None:
    """Return when standard input is closed."""
    while os.read(0, 4096):
        pass


def main(command: list[str]) -> int:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # From here on the holder decides. (The command would inherit this.)
    released = threading.Thread(target=wait_for_release, daemon=True)
    released.start()
    while released.is_alive() and process.poll() is None:
        released.join(0.05)
    end_group(process)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


if __name__ == "__main__":
    # Straight out: the thread that reads standard input must not be waited for.
    os._exit(main(sys.argv[1:]))
