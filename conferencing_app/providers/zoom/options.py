"""The OPTIONS of Zoom in ``CONFERENCING_PROVIDERS``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from conferencing_app import addresses
from conferencing_app.providers.base import SANDBOX_CLIENT, CallPolicy

# What the sandbox signs with, unless the site says otherwise.
SANDBOX_SECRET_TOKEN = "sandbox"
EXAMPLE = '"OPTIONS": {"client_id": "…", "client_secret": "…"}'
WHERE = "both are on the page App Credentials of your app at https://marketplace.zoom.us"
URLS = ("authorize_url", "token_url", "revoke_url", "api_url")


@dataclass(frozen=True)
class ZoomOptions:
    """Checked options. ``api_hosts``: where Zoom may send our calls; ``find_lag_seconds``: how late its list may be;
    ``webhook_secret_token``: the tokens that may have signed what Zoom sends, newest first; none: it is not heard."""

    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str = "https://zoom.us/oauth/authorize"
    token_url: str = "https://zoom.us/oauth/token"
    revoke_url: str = "https://zoom.us/oauth/revoke"
    api_url: str = "https://api.zoom.us"
    api_hosts: tuple[str, ...] = ("*.zoom.us",)
    find_lag_seconds: float = 30.0
    webhook_secret_token: tuple[str, ...] = field(default=(), repr=False)


def read_options(options: Mapping[str, Any], *, policy: CallPolicy, sandbox_url: str) -> ZoomOptions:
    """Check the options, and let the sandbox take the place of every address. The ValueError says what to paste."""
    if sandbox_url:
        options = {**SANDBOX_CLIENT, "webhook_secret_token": SANDBOX_SECRET_TOKEN, **options}
    known = {each.name for each in fields(ZoomOptions)}
    if unknown := sorted(set(options) - known):
        raise ValueError(f"{', '.join(map(repr, unknown))} is not known; there are: {', '.join(sorted(known))}.")
    for name in ("client_id", "client_secret"):
        _check_credential(name, options.get(name))
    hosts = _hosts(options.get("api_hosts", ZoomOptions.api_hosts))
    tokens = _secret_tokens(options.get("webhook_secret_token", ()))
    checked = ZoomOptions(**{**options, "api_hosts": hosts, "webhook_secret_token": tokens})
    lag = checked.find_lag_seconds
    if isinstance(lag, bool) or not isinstance(lag, (int, float)) or not 0 <= lag <= 3600:
        raise ValueError("find_lag_seconds must be a number of seconds from 0 to 3600.")
    if sandbox_url:
        checked = _at_sandbox(checked, sandbox_url.rstrip("/"))
    for name in URLS:
        _check_url(name, getattr(checked, name), policy)
    return replace(checked, api_url=checked.api_url.rstrip("/"))


def _check_credential(name: str, value: Any) -> None:
    if not value:
        raise ValueError(f"{name} is missing. Paste {EXAMPLE}; {WHERE}.")
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError(f"{name} must be the text that Zoom shows, without blanks around it; {WHERE}.")


def _secret_tokens(value: Any) -> tuple[str, ...]:
    """One, or several while a new one takes the place of an old one."""
    tokens = tuple(value) if isinstance(value, list | tuple) else (value,)
    for token in tokens:
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError(
                "webhook_secret_token must be the Secret Token of the page Access of your app at "
                "https://marketplace.zoom.us, or a list of such tokens, the newest first."
            )
    return tokens


def _check_url(name: str, value: Any, policy: CallPolicy) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a URL, a text.")
    if refused := addresses.objection(value, allow_loopback_http=policy.allow_loopback_http):
        raise ValueError(f"{name} can't be used: {refused}.")


def _hosts(value: Any) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(_is_pattern(each) for each in value):
        return tuple(value)
    raise ValueError('api_hosts must be a list of host names such as ["*.zoom.us"].')


def _is_pattern(value: Any) -> bool:
    return isinstance(value, str) and "." in value.removeprefix("*.") and "*" not in value.removeprefix("*.")


def _at_sandbox(options: ZoomOptions, url: str) -> ZoomOptions:
    return replace(
        options,
        authorize_url=f"{url}/zoom/oauth/authorize",
        token_url=f"{url}/zoom/oauth/token",
        revoke_url=f"{url}/zoom/oauth/revoke",
        api_url=f"{url}/zoom",
    )
