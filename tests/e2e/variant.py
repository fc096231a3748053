"""By what the settings of the crash tests' processes differ from the suite's own: a sandbox, and short leases."""

from __future__ import annotations

from typing import Any

CLIENT_ID = "crash-test"
CLIENT_SECRET = "crash-test-secret"
BASE_URL = "http://testserver"
CALLBACK_URL = f"{BASE_URL}/conferencing/callback/zoom/"


def at_sandbox(url: str) -> dict[str, Any]:
    """The settings by name; ``url`` is the sandbox's."""
    options = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "find_lag_seconds": 0.3}
    return {
        "DEBUG": True,  # a sandbox is only used under DEBUG
        "CONFERENCING_BASE_URL": BASE_URL,
        "CONFERENCING_SANDBOX_URL": url,
        "CONFERENCING_PROVIDERS": {"zoom": {"BACKEND": "tests.e2e.provider.PlentifulZoom", "OPTIONS": options}},
        "CONFERENCING_WEBHOOK_NETWORKS": ["127.0.0.0/8"],
        "CONFERENCING_LEASE_SECONDS": 2.0,
        "CONFERENCING_SWEEP_SECONDS": 0.2,
        "CONFERENCING_SLICE_SECONDS": 2.0,
        "CONFERENCING_READ_TIMEOUT_SECONDS": 60.0,  # a stuck call is stuck for longer than a worker may take to end
    }
