"""The sandbox's few HTML pages. No script, no inline style: they work under `default-src 'self'`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Protocol

FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/_static/sandbox.css">
</head>
<body>
<header><p class="banner">Sandbox: nobody's real account is here.</p></header>
<main>
{content}
</main>
</body>
</html>
"""

CONSENT = """<h1>Link your Zoom account</h1>
<p>The app <strong class="client">{client_id}</strong> asks to use a Zoom account.</p>
<form method="post" action="/zoom/oauth/consent">
<input type="hidden" name="transaction" value="{transaction}">
<fieldset>
<legend>Which Zoom account is signed in?</legend>
{accounts}
</fieldset>
<fieldset>
<legend>What may the app do?</legend>
{scopes}
</fieldset>
<p class="buttons">
<button type="submit" name="decision" value="approve" class="primary">Approve</button>
<button type="submit" name="decision" value="deny">Deny</button>
</p>
</form>"""

CHOICE = """<p class="choice"><label for="{id}">
<input type="{kind}" id="{id}" name="{name}" value="{value}"{checked}>
<span>{label}</span></label></p>"""

JOIN = """<h1>{topic}</h1>
<p>Here the meeting of {host} would open.</p>
<p>Meeting ID {number}, starting {start}.</p>"""

INDEX = """<h1>Conferencing sandbox</h1>
<p>It stands in for conferencing providers while you develop and test.</p>
<ul>
<li>Zoom answers at <code>{base_url}/zoom</code>.</li>
<li>It is steered at <code>{base_url}/_control/</code>:
<a href="/_control/state">state</a>, <a href="/_control/meetings">meetings</a>,
<a href="/_control/requests">requests</a>.</li>
</ul>"""


class Person(Protocol):
    """What the consent page shows of an account."""

    email: str
    display_name: str


def consent_page(
    client_id: str, transaction: str, accounts: Sequence[Person], login_hint: str, scopes: Iterable[str]
) -> str:
    """The page on which a person approves or denies; the hinted account is chosen, else the first."""
    emails = [account.email for account in accounts]
    chosen = login_hint if login_hint in emails else next(iter(emails), "")
    radios = [
        _choice("radio", "account", number, one.email, f"{one.display_name} ({one.email})", one.email == chosen)
        for number, one in enumerate(accounts)
    ]
    boxes = [_choice("checkbox", "scope", number, scope, scope, True) for number, scope in enumerate(scopes)]
    content = CONSENT.format(
        client_id=escape(client_id),
        transaction=escape(transaction),
        accounts="\n".join(radios),
        scopes="\n".join(boxes),
    )
    return FRAME.format(title="Link your Zoom account", content=content)


def problem_page(code: int, title: str, advice: str) -> str:
    """An error that is shown here because it must not be sent to an unknown address."""
    content = f"<h1>{escape(title)} ({code})</h1>\n<p>{escape(advice)}</p>"
    return FRAME.format(title=escape(title), content=content)


def join_page(topic: str, host: str, number: int, start: str) -> str:
    """What a guest sees who follows a join link."""
    content = JOIN.format(topic=escape(topic), host=escape(host), number=number, start=escape(start))
    return FRAME.format(title=escape(topic), content=content)


def index_page(base_url: str) -> str:
    """What someone sees who opens the sandbox's address."""
    return FRAME.format(title="Conferencing sandbox", content=INDEX.format(base_url=escape(base_url)))


def _choice(kind: str, name: str, number: int, value: str, label: str, checked: bool) -> str:
    return CHOICE.format(
        kind=kind,
        id=f"{name}-{number}",
        name=name,
        value=escape(value),
        label=escape(label),
        checked=" checked" if checked else "",
    )
