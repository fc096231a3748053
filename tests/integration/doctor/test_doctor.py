"""Each thing that is wrong is found by its own id, with the line that mends it; a site in order is left in peace."""

from __future__ import annotations

import json
import re
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import override_settings

from conferencing_app import clock, conf, crypto
from conferencing_app.checks import knobs
from conferencing_app.doctor import findings, reaching
from conferencing_app.models import Conference, ConferencingProfile, Grant
from conferencing_app.sandbox.client import SandboxControl
from conferencing_app.testing import LinkProfile
from tests.integration.doctor.examining import celery_with, examine, found

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a-password-of-the-broker"


def test_a_site_in_order(deployed: Any) -> None:
    said, error = examine()
    assert "All is in order." in said
    assert "To be registered with zoom: https://example.com/conferencing/callback/zoom/" in said
    assert error == ""


def test_what_the_checks_say_it_says_too(deployed: Any) -> None:
    deployed.CONFERENCING_ENCRYPTION_KEYS = []
    deployed.CONFERENCING_BASE_URL = "http://example.com"
    said, error = examine()
    assert re.search(r'E001  .* is missing.*\n    CONFERENCING_ENCRYPTION_KEYS = \["[\w=-]{43,44}"\]', said)
    assert "W010" in said  # of the deployment's, as DEBUG is off
    assert error == "2 things are wrong."


def test_a_check_that_the_site_has_silenced_is_silent(deployed: Any) -> None:
    deployed.CONFERENCING_BASE_URL = "http://example.com"
    deployed.SILENCED_SYSTEM_CHECKS = ["conferencing.W010"]
    assert found() == []


def test_pages_that_are_not_routed(deployed: Any) -> None:
    deployed.ROOT_URLCONF = "tests.integration.doctor.no_pages"
    assert found() == ["D001"]
    assert 'path("conferencing/", include("conferencing_app.urls")),' in examine()[0]


def test_a_sign_in_page_that_is_not_there(deployed: Any) -> None:
    deployed.LOGIN_URL = "/accounts/login/"
    assert found() == ["D002"]


def test_tables_that_are_not_there(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: targets)
    assert found() == ["D003"]


def test_a_database_that_is_away(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise DatabaseError("password=secret")

    monkeypatch.setattr(findings, "MigrationExecutor", away)
    assert found() == ["D004"]
    assert "secret" not in examine()[0]


def test_secrets_whose_key_is_gone(
    deployed: Any, conferencing_sandbox: SandboxControl, link_profile: LinkProfile, django_user_model: Any
) -> None:
    link_profile(django_user_model.objects.create_user("alice"))
    assert Grant.objects.exists()
    deployed.CONFERENCING_ENCRYPTION_KEYS = [crypto.new_key()]
    assert "D005" in found()
    assert "D005" in examine()[0]


@pytest.mark.parametrize(
    ("since", "lease", "overdue"), [(-6, None, True), (-4, None, False), (-6, 1, False), (6, None, False)]
)
def test_work_that_nobody_does(deployed: Any, since: int, lease: int | None, overdue: bool) -> None:
    held = clock.now(timedelta(minutes=lease)) if lease else None
    due = clock.now(timedelta(minutes=since))
    Conference.objects.create(event_model="x.Y", event_key="1", created_at=clock.now(), due_at=due, lease_until=held)
    assert found() == (["D006"] if overdue else [])


def test_each_finding_has_a_line_to_paste(deployed: Any) -> None:
    deployed.ROOT_URLCONF = "tests.integration.doctor.no_pages"
    deployed.LOGIN_URL = "/accounts/login/"
    deployed.CONFERENCING_PROVIDERS = {}
    assert [finding for finding in findings.findings() if not finding.hint] == []


def test_the_printed_settings_are_a_site_in_order(deployed: Any) -> None:
    """But for what they can't know: the address and the client."""
    block, error = examine("--init")
    assert error == ""
    pasted: dict[str, Any] = {}
    exec(block, pasted)
    values = {name: value for name, value in pasted.items() if name.startswith(conf.PREFIX)}
    assert set(values) == {
        "CONFERENCING_BASE_URL",
        "CONFERENCING_ENCRYPTION_KEYS",
        "CONFERENCING_PROVIDERS",
        "CONFERENCING_WEBHOOK_SECRETS",
    }
    assert len(crypto.decode_key(values["CONFERENCING_ENCRYPTION_KEYS"][0])) == 32
    with override_settings(**values):
        assert found() == []
    with override_settings(DEBUG=True, **values):
        assert [message for check in (knobs.check_addresses, knobs.check_keys) for message in check()] == []
    assert examine("--init")[0] != block  # another key each time


def test_under_debug_the_printed_settings_lead_to_a_first_conference_as_they_stand(deployed: Any) -> None:
    """Whoever links an account at the sandbox must come back to the site that runs here."""
    deployed.DEBUG = True
    pasted: dict[str, Any] = {}
    exec(examine("--init")[0], pasted)
    assert pasted["CONFERENCING_BASE_URL"] == "http://127.0.0.1:8000"
    assert pasted["CONFERENCING_SANDBOX_URL"] == "http://127.0.0.1:8010"
    with override_settings(ALLOWED_HOSTS=[], **{name: pasted[name] for name in pasted if name.startswith(conf.PREFIX)}):
        assert found() == []


def test_all_of_it_as_json(deployed: Any) -> None:
    deployed.LOGIN_URL = "/accounts/login/"
    said, error = examine("--json")
    report = json.loads(said)
    assert report["callbacks"] == {"zoom": "https://example.com/conferencing/callback/zoom/"}
    assert [finding["id"] for finding in report["findings"]] == ["conferencing.D002"]
    assert set(report["findings"][0]) == {"id", "level", "message", "hint"}
    assert report["reached"] == []
    assert error == "1 thing is wrong."


@pytest.mark.parametrize("limit", ["0", "-1", "nan"])
def test_a_limit_that_is_none(limit: str) -> None:
    assert "above 0" in examine("--connect", "--limit-seconds", limit)[1]


def test_the_sandbox_answers_or_does_not(unvisited: Any, conferencing_sandbox: SandboxControl) -> None:
    sandbox, client = reaching.reach(5)
    assert (sandbox.what, sandbox.address, sandbox.trouble) == ("sandbox", conferencing_sandbox.url, "")
    assert (client.what, client.address, client.trouble) == ("zoom", "client id and secret", "")
    unvisited.CONFERENCING_SANDBOX_URL = f"http://127.0.0.1:{closed_port()}"
    sandbox, client = reaching.reach(5)
    assert client.trouble == "", "said once is enough"
    assert sandbox.trouble == "No connection to the service."
    said, error = examine("--connect")
    assert "No connection" in said
    assert error.endswith("wrong.")


def test_a_provider_is_tried_where_its_calls_go(unvisited: Any, conferencing_sandbox: SandboxControl) -> None:
    zoom = {"BACKEND": "conferencing_app.providers.zoom.ZoomProvider"}
    addresses = {"token_url": conferencing_sandbox.url, "api_url": f"http://127.0.0.1:{closed_port()}"}
    unvisited.CONFERENCING_PROVIDERS = {
        "zoom": {**zoom, "OPTIONS": {"client_id": "a", "client_secret": "b", **addresses}}
    }
    unvisited.CONFERENCING_SANDBOX_URL = ""
    reached = {each.address: each.trouble for each in reaching.reach(5) if "://" in each.address}
    assert reached == {addresses["token_url"]: "", addresses["api_url"]: "No connection to the service."}


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_down_is_told_without_its_password(
    unvisited: Any, conferencing_sandbox: SandboxControl, scheme: str
) -> None:
    broker = f"{scheme}://user:{PASSWORD}@127.0.0.1:{closed_port()}//"
    with celery_with(broker_url=broker, broker_write_url=broker):
        said, _ = examine("--connect", "--limit-seconds", "8")
    assert re.search(rf"broker  {scheme}://user:\*\*@127.0.0.1:\d+//?: no connection", said), said
    assert PASSWORD not in said


def test_what_is_silent_holds_up_nothing(unvisited: Any, conferencing_sandbox: SandboxControl) -> None:
    """A broker's client may take longer than was given: it is not waited for."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with celery_with(broker_url=broker, broker_write_url=broker):
            reached = {each.what: each.trouble for each in reaching.reach(0.3)}
    assert reached["broker"] == "no answer within 0.3 s"


def test_no_broker_is_nothing_to_reach(unvisited: Any, conferencing_sandbox: SandboxControl) -> None:
    with celery_with(broker_url=None, broker_write_url=None):
        assert [each.what for each in reaching.reach(5)] == ["sandbox", "zoom"]


def test_nothing_is_written(deployed: Any, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(30) as queries:
        examine()
    assert [
        query["sql"] for query in queries if not query["sql"].lstrip().upper().startswith(("SELECT", "PRAGMA"))
    ] == []
    assert not ConferencingProfile.objects.exists()
    assert connection.in_atomic_block is False


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
