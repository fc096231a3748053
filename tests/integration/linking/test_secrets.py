"""No token, code, verifier, state or client secret reaches a log, an exception or a repr."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from conferencing_app import clock
from conferencing_app.exceptions import ConferencingError, LinkError, Relink
from conferencing_app.models import ConferencingProfile, Grant, LinkAttempt
from conferencing_app.services import another, credentials, moving, profiles
from conferencing_app.testing import CLIENT_SECRET
from tests.overhearing import Everything, everything_logged, shapes

from .conftest import ALICE_ZOOM, BOB_ZOOM, Journey


@pytest.fixture
def overheard() -> Iterator[Everything]:
    with everything_logged() as handler:
        yield handler


def assert_silent(texts: list[str], secrets: list[str]) -> None:
    everything = "\n".join(texts)
    found = [index for index, secret in enumerate(secrets) if any(shape in everything for shape in shapes(secret))]
    assert found == [], "secrets by their place in the list; they are not printed here either"


def tokens_of(profile_id: int) -> list[str]:
    grant = Grant.objects.select_related("profile").get(profile=profile_id)
    return [
        grant.access_token.open(grant.place("access_token")),
        grant.refresh_token.open(grant.place("refresh_token")),
    ]


def test_secrets_reach_no_log_no_exception_and_no_repr(
    alices: Journey, bobs: Journey, settings: Any, overheard: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "SECOND_TRY_SECONDS", 0)
    secrets, texts = [CLIENT_SECRET, alices.browser, bobs.browser, *settings.CONFERENCING_ENCRYPTION_KEYS], []

    def listen_to(call: Any) -> Any:
        """What the call gives; what it logs, shows or raises is kept."""
        overheard.lines.clear()
        result = None
        try:
            result = call()
        except ConferencingError as error:
            texts.append(f"{error!s} {error!r} {vars(error)!r}")
            texts.extend(traceback.format_exception(error))
        texts.extend([repr(result), str(result)] if not isinstance(result, str) else [])
        texts.extend(overheard.lines)
        return result

    def link(person: Journey, fault: str = "", account: str = ALICE_ZOOM, **options: Any) -> Any:
        page = listen_to(lambda: person.to_consent(**options))
        attempt = LinkAttempt.objects.latest("pk")
        answer = person.sandbox.approve(page, account)
        query = parse_qs(urlsplit(answer).query)
        verifier = attempt.code_verifier.open(attempt.place("code_verifier"))
        secrets.extend([query["state"][0], query["code"][0], verifier])
        if fault:
            person.sandbox.add_fault("token.code", fault, times=1)
        texts.extend([repr(attempt), str(attempt)])
        return listen_to(lambda: person.arrive(answer))

    for fault in ("html", "malformed", "drop_after"):
        link(alices, fault)
    profile = link(alices).profile
    secrets += tokens_of(profile.pk)
    link(bobs)
    secrets += tokens_of(profile.pk)
    for fault in ("html", "malformed", "drop_before", ""):
        Grant.objects.update(expires_at=clock.now())
        if fault:
            alices.sandbox.add_fault("token.refresh", fault, times=2)
        listen_to(lambda: credentials.access_token(profile.pk))
        link(alices)
        secrets += tokens_of(profile.pk)
    listen_to(lambda: profiles.test(profile))
    Grant.objects.update(expires_at=clock.now())
    ticket = listen_to(lambda: credentials.begin_refresh(profile.pk))
    texts.append(repr(ticket))
    listen_to(lambda: credentials.finish_refresh(ticket, Relink("no")))
    link(bobs)
    secrets += tokens_of(profile.pk)
    listen_to(lambda: moving.move(bobs.user, LinkAttempt.objects.latest("pk").public_id, browser=bobs.browser))
    listen_to(lambda: moving.move(bobs.user, LinkAttempt.objects.latest("pk").public_id, browser=bobs.browser))
    link(bobs, account=BOB_ZOOM, profile=ConferencingProfile.objects.of(bobs.user).get())
    asked = LinkAttempt.objects.latest("pk")
    assert asked.claimed_id is not None
    secrets += tokens_of(asked.claimed_id)
    for answer in (another.link, another.start_again):
        listen_to(lambda answer=answer: answer(bobs.user, asked.public_id, browser=bobs.browser))
    texts += [repr(grant) + str(vars(grant)) for grant in Grant.objects.all()]

    assert len(set(secrets)) > 40
    assert any("LinkError" in text for text in texts)
    assert_silent(texts, secrets)


def test_the_list_of_secrets_would_be_found(overheard: Everything) -> None:
    """The search itself works: a logger that does tell is overheard."""
    logging.getLogger("some.library").debug("sent %s", "a secret of 20 letters")
    with pytest.raises(AssertionError):
        assert_silent(overheard.lines, ["a secret of 20 letters"])


def test_a_refused_link_names_a_code_and_nothing_else(alices: Journey) -> None:
    with pytest.raises(LinkError) as caught:
        alices.arrive("http://testserver/?state=a-state-that-is-secret&code=a-code-that-is-secret")
    assert vars(caught.value) == {"code": "unknown_state"}
    assert str(caught.value) == "unknown_state"
