"""Accounts at the sandbox that are never held up by a provider's daily limit."""

from __future__ import annotations

from conferencing_app.sandbox.client import SandboxControl

NO_DAILY_LIMIT = 1_000_000


def new_account(sandbox: SandboxControl, number: int) -> str:
    """Make the account of this number; its name."""
    account = f"host{number}@zoom.example"
    sandbox.create_account(account, daily_limit=NO_DAILY_LIMIT)
    return account
