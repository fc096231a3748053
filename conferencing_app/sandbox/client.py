"""What a test or a demonstration needs of the sandbox, in one import.

with start_sandbox(client_id="id", client_secret="secret", redirect_uris=[callback]) as sandbox:
    sandbox.control.add_fault("create", "drop_after", times=1)
    ...
    assert len(sandbox.control.live_meetings()) == 1
"""

from __future__ import annotations

from .process import SandboxProcess, SandboxStartError, start_sandbox
from .steering import SandboxControl, SandboxControlError

__all__ = ["SandboxControl", "SandboxControlError", "SandboxProcess", "SandboxStartError", "start_sandbox"]
