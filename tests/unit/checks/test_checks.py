"""Every misconfiguration is found, under a stable id, with the line to paste."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, run_checks
from django.core.checks import registry as check_registry
from django.db import connections, models
from django.test.utils import isolate_apps, override_settings
from psycopg import IsolationLevel

from conferencing_app import ConferencingField, crypto
from conferencing_app.checks import databases, deployment, events, knobs, operation, people
from conferencing_app.providers import registry
from conferencing_app.registration import field_for

PROVIDER = "conferencing_app.providers.zoom.ZoomProvider"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
ZOOM = {"BACKEND": PROVIDER, "OPTIONS": {"client_id": "a", "client_secret": "b"}}


def found(check: Callable[[], Iterator[CheckMessage]]) -> dict[str, CheckMessage]:
    return {str(message.id).removeprefix("conferencing."): message for message in check()}


def test_the_suites_own_settings_are_in_order(db: None) -> None:
    assert [message for message in run_checks() if str(message.id).startswith("conferencing.")] == []


@pytest.mark.parametrize(
    ("check", "name", "value", "number", "says"),
    [
        (knobs.check_names, "CONFERENCING_BASE_ULR", "x", "W001", "CONFERENCING_BASE_ULR is not a setting"),
        (knobs.check_keys, "CONFERENCING_ENCRYPTION_KEYS", [], "E001", "is missing"),
        (knobs.check_keys, "CONFERENCING_ENCRYPTION_KEYS", ["short"], "E001", "key number 1 can't be used"),
        (knobs.check_keys, "CONFERENCING_ENCRYPTION_KEYS", ["***"], "E001", "not base64url"),
        (knobs.check_keys, "CONFERENCING_ENCRYPTION_KEYS", [b"x"], "E001", "a bytes instead of a text"),
        (knobs.check_types, "CONFERENCING_ENCRYPTION_KEYS", "secret", "E007", "must be a list, not str."),
        (knobs.check_types, "CONFERENCING_POOL_SIZE", "16", "E007", "must be a whole number above 0, not str"),
        (knobs.check_types, "CONFERENCING_POOL_SIZE", 1.5, "E007", "not float 1.5"),
        (knobs.check_types, "CONFERENCING_POOL_SIZE", 0, "E007", "not int 0"),
        (knobs.check_types, "CONFERENCING_POOL_SIZE", True, "E007", "not bool True"),
        (knobs.check_types, "CONFERENCING_SLICE_SECONDS", -1, "E007", "a number above 0"),
        (knobs.check_types, "CONFERENCING_SLICE_SECONDS", 11, "E008", "could not stop within 10 seconds"),
        (knobs.check_types, "CONFERENCING_PROVIDERS", [], "E007", "must be a dict"),
        (knobs.check_types, "CONFERENCING_BASE_URL", None, "E007", "must be a text"),
        (knobs.check_webhooks, "CONFERENCING_WEBHOOK_SECRETS", ["whsec_short"], "E018", "number 1 is not whsec_"),
        (knobs.check_webhooks, "CONFERENCING_WEBHOOK_SECRETS", [5], "E018", "number 1 is not whsec_"),
        (knobs.check_types, "CONFERENCING_WEBHOOK_NETWORKS", "10.0.0.0/8", "E007", "must be a list"),
        (knobs.check_webhooks, "CONFERENCING_WEBHOOK_NETWORKS", ["10.0.0.1/8"], "E019", "10.0.0.1/8"),
        (knobs.check_providers, "CONFERENCING_PROVIDERS", {}, "W004", "nothing that people could link"),
        (knobs.check_providers, "CONFERENCING_PROVIDERS", {"x": {"BACKEND": "no.where"}}, "E002", "dotted path"),
        (knobs.check_providers, "CONFERENCING_PROVIDERS", {"x": {}}, "E002", "dotted path"),
        (knobs.check_providers, "CONFERENCING_PROVIDERS", {"x": {"BACKEND": 5}}, "E002", "dotted path"),
        (knobs.check_providers, "CONFERENCING_PROVIDERS", {"x": PROVIDER}, "E002", "must be dicts"),
        (knobs.check_providers, "CONFERENCING_PROVIDERS", {"x": {**ZOOM, "OPTIONS": "a"}}, "E002", "must be dicts"),
        (knobs.check_providers, "CONFERENCING_PROVIDERS", {"z": {"BACKEND": PROVIDER}}, "E002", "client_id"),
        (knobs.check_addresses, "CONFERENCING_BASE_URL", "", "E003", "it is missing"),
        (knobs.check_addresses, "CONFERENCING_BASE_URL", "example.com", "E003", "'example.com' is not a complete"),
        (knobs.check_addresses, "CONFERENCING_BASE_URL", "ftp://example.com", "E003", "not a complete"),
        (knobs.check_addresses, "CONFERENCING_BASE_URL", "http://[", "E003", "not a complete"),
        (knobs.check_addresses, "CONFERENCING_SANDBOX_URL", "http://127.0.0.1:1", "W005", "while DEBUG is off"),
        (people.check_people, "CONFERENCING_CONTACT_ADDRESS", "no.where", "E020", "'no.where' leads to nothing"),
        (people.check_people, "CONFERENCING_CONTACT_ADDRESS", "sys.path", "E020", "nothing that can be called"),
        (people.check_people, "CONFERENCING_SUPPORT_CONTACT", "ask Sam", "E025", "neither an e-mail address nor"),
        (people.check_people, "CONFERENCING_SUPPORT_CONTACT", "ftp://example.com/", "E025", "neither an e-mail"),
        (people.check_people, "CONFERENCING_SUPPORT_CONTACT", "https://[::1", "E025", "neither an e-mail"),
        (people.check_people, "CONFERENCING_TRUSTED_PROXIES", ["10.0.0.1/8"], "E021", "has host bits set"),
        (people.check_people, "CONFERENCING_ADMINS", [("Sam", "sam@example.com")], "E022", "is not a mail address"),
        (people.check_people, "CONFERENCING_TRUSTED_PROXIES", ["proxy"], "E021", "'proxy' does not appear"),
        (knobs.check_types, "CONFERENCING_RETENTION", 30, "E007", "must be a dict"),
        (operation.check_operation, "CONFERENCING_RETENTION", {"atempts": 30}, "E027", "'atempts' is not a table"),
        (operation.check_operation, "CONFERENCING_RETENTION", {"attempts": 0}, "E027", "number of days above 0"),
        (operation.check_operation, "CONFERENCING_RETENTION", {"mails": True}, "E027", "number of days above 0"),
        (operation.check_operation, "CONFERENCING_HTTP_PROXY", "proxy.internal:3128", "E026", "not the address"),
        (operation.check_operation, "CONFERENCING_HTTP_PROXY", "socks5://proxy:1080", "E026", "not the address"),
        (operation.check_operation, "CONFERENCING_HTTP_PROXY", "http://proxy:port", "E026", "not the address"),
        (operation.check_operation, "CONFERENCING_HTTP_PROXY", "http://proxy/path", "E026", "not the address"),
        (knobs.check_site, "USE_TZ", False, "E005", "USE_TZ is off"),
        (databases.check_database, "CONFERENCING_DATABASE", "nowhere", "E009", "'nowhere', which is not in DATABASES"),
        (deployment.check_deployment, "CONFERENCING_BASE_URL", "http://example.com", "W010", "not https"),
        (deployment.check_deployment, "CONFERENCING_LEASE_SECONDS", 10, "W011", "two workers"),
        (deployment.check_deployment, "EMAIL_BACKEND", SMTP, "W012", "EMAIL_TIMEOUT is not set"),
    ],
)
def test_a_wrong_setting(
    settings: Any, check: Callable[[], Iterator[CheckMessage]], name: str, value: Any, number: str, says: str
) -> None:
    setattr(settings, name, value)
    message = found(check)[number]
    assert says in message.msg
    assert message.hint


def test_a_sandbox_under_debug_needs_an_address(settings: Any) -> None:
    settings.DEBUG = True
    settings.CONFERENCING_SANDBOX_URL = "http://127.0.0.1:8010"
    assert found(knobs.check_addresses) == {}
    settings.CONFERENCING_SANDBOX_URL = "127.0.0.1:8010"
    assert list(found(knobs.check_addresses)) == ["E004"]


def test_apps_that_are_loaded_anew_are_checked_once(settings: Any) -> None:
    before = check_registry.registry.get_checks(include_deployment_checks=True)
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "django.contrib.humanize"]):
        pass
    after = check_registry.registry.get_checks(include_deployment_checks=True)
    assert {check for check in after if check.__module__.startswith("conferencing_app")} <= set(before)


def test_the_password_of_a_proxy_is_not_printed(settings: Any) -> None:
    settings.CONFERENCING_HTTP_PROXY = "http://user:proxy-password@proxy.internal:3128/path"
    message = found(operation.check_operation)["E026"]
    assert "proxy-password" not in f"{message.msg}{message.hint}"
    settings.CONFERENCING_HTTP_PROXY = "http://user:proxy-password@proxy.internal:3128"
    assert found(operation.check_operation) == {}


def test_a_misspelt_name_is_answered_with_the_nearest(settings: Any) -> None:
    settings.CONFERENCING_ENCRYPTION_KEY = "x"
    settings.CONFERENCING_XYZZY = "x"
    hints = {message.msg.split()[0]: str(message.hint) for message in knobs.check_names()}
    assert hints["CONFERENCING_ENCRYPTION_KEY"] == "Did you mean CONFERENCING_ENCRYPTION_KEYS?"
    assert "CONFERENCING_BASE_URL" in hints["CONFERENCING_XYZZY"]


def test_a_missing_key_is_answered_with_a_fresh_one(settings: Any) -> None:
    settings.CONFERENCING_ENCRYPTION_KEYS = []
    hints = [str(found(knobs.check_keys)["E001"].hint) for _ in range(2)]
    keys = [re.findall(r'\["([^"]+)"\]', hint)[0] for hint in hints]
    assert [len(crypto.decode_key(key)) for key in keys] == [32, 32]
    assert keys[0] != keys[1]


def test_a_bad_key_is_not_printed(settings: Any) -> None:
    settings.CONFERENCING_ENCRYPTION_KEYS = [crypto.new_key(), "c2VjcmV0"]
    message = found(knobs.check_keys)["E001"]
    assert "number 2" in message.msg
    assert "c2VjcmV0" not in f"{message.msg}{message.hint}"


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_a_missing_option_of_a_provider_is_named(settings: Any, missing: str) -> None:
    options = {name: value for name, value in ZOOM["OPTIONS"].items() if name != missing}  # type: ignore[attr-defined]  # a dict
    settings.CONFERENCING_PROVIDERS = {"zoom": {**ZOOM, "OPTIONS": options}}
    assert missing in found(knobs.check_providers)["E002"].msg
    registry._instances.clear()


@pytest.mark.parametrize(
    ("name", "value", "pasted"),
    [
        ("CONFERENCING_ENCRYPTION_KEYS", "one key", r'= \["[^"]{43}="\]'),
        ("CONFERENCING_PROVIDERS", [], "ZoomProvider"),
        ("CONFERENCING_WEBHOOK_SECRETS", "one", r'= \["whsec_'),
        ("CONFERENCING_WEBHOOK_NETWORKS", "one", r'= \["10'),
        ("CONFERENCING_BASE_URL", None, '= "https://'),
    ],
)
def test_the_line_for_a_wrong_type_is_of_use(settings: Any, name: str, value: Any, pasted: str) -> None:
    setattr(settings, name, value)
    assert re.search(pasted, str(found(knobs.check_types)["E007"].hint))


def test_another_database_needs_a_router(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings, "elsewhere", connections.settings["default"])
    settings.CONFERENCING_DATABASE = "elsewhere"
    messages = [message for message in databases.check_database() if message.id == "conferencing.E015"]
    assert ["app's tables are in 'default'" in messages[0].msg, "users are in 'default'" in messages[1].msg] == [
        True
    ] * 2
    assert "CONFERENCING_DATABASE = 'default'" in str(messages[0].hint)


def test_insecure_transport_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    assert list(found(knobs.check_site)) == ["E006"]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ({}, True),
        ({"transaction_mode": "IMMEDIATE"}, True),
        ({"transaction_mode": "immediate", "init_command": "pragma journal_mode = wal;"}, False),
    ],
)
def test_sqlite_needs_immediate_and_wal(monkeypatch: pytest.MonkeyPatch, options: dict[str, str], warned: bool) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", options)
    assert list(found(databases.check_database)) == (["W002"] if warned else [])


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Kolkata"])
def test_times_without_a_zone_are_in_utc(monkeypatch: pytest.MonkeyPatch, zone: str | None) -> None:
    connection = connections["default"]
    monkeypatch.setitem(connection.settings_dict, "TIME_ZONE", zone)
    wrong = zone == "Asia/Kolkata" and connection.vendor != "postgresql"  # which stores instants
    assert list(found(databases.check_database)) == (["E017"] if wrong else [])


@pytest.mark.parametrize(
    ("vendor", "options", "warned"),
    [
        ("mysql", {}, False),
        ("mysql", {"isolation_level": "Read Committed"}, False),
        ("mysql", {"isolation_level": "repeatable read"}, True),
        ("mysql", {"isolation_level": None}, True),
        ("postgresql", {}, False),
        ("postgresql", {"isolation_level": None}, False),
        ("postgresql", {"isolation_level": IsolationLevel.READ_COMMITTED}, False),
        ("postgresql", {"isolation_level": IsolationLevel.SERIALIZABLE}, True),
    ],
)
def test_transactions_are_read_committed(
    monkeypatch: pytest.MonkeyPatch, vendor: str, options: dict[str, Any], warned: bool
) -> None:
    monkeypatch.setattr(connections["default"], "vendor", vendor)
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", options)
    assert list(found(databases.check_database)) == (["W006"] if warned else [])


@contextmanager
def celery_setting(name: str, value: Any) -> Iterator[None]:
    before = current_app.conf[name]
    current_app.conf[name] = value
    try:
        yield
    finally:
        current_app.conf[name] = before


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("task_always_eager", True, "W020"),
        ("accept_content", ["json", "pickle"], "W021"),
    ],
)
def test_celery_is_advised_for_deployments_only(db: None, name: str, value: Any, number: str) -> None:
    with celery_setting(name, value):
        assert number in found(deployment.check_deployment)
        ordinary = {str(message.id) for message in run_checks()}
        deployed = {str(message.id) for message in run_checks(include_deployment_checks=True)}
    assert f"conferencing.{number}" in deployed - ordinary


@pytest.mark.parametrize(
    ("conf", "number"),
    [
        ({"broker_url": "amqp://localhost//"}, "W023"),
        ({"broker_url": "filesystem://"}, "W024"),
        ({"broker_url": "redis://localhost", "broker_connection_retry_on_startup": False}, "W022"),
    ],
)
def test_brokers_are_advised(conf: dict[str, Any], number: str) -> None:
    class Conf:
        broker_write_url = task_always_eager = broker_transport_options = None
        broker_connection_retry_on_startup = True
        accept_content = ("json",)

    celery = Conf()
    vars(celery).update(conf)
    assert [entry[1] for entry in deployment._celery_advice(celery) if entry[0]] == [number]


# Models --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "number", "says"),
    [
        ({"summary": "titel"}, "E010", "summary='titel': Talk has no 'titel'."),
        ({"start": "room.name"}, "E010", "Talk has no 'room'"),
        ({"owner": "speaker.manager"}, "E010", "User has no 'manager'"),
        ({"owner": "title"}, "E013", "does not lead to a User"),
        ({"owner": "slot"}, "E013", "does not lead to a User"),
        ({"start": 5}, "E012", "neither a path nor a function"),
        ({}, None, None),
        ({"summary": "headline", "start": "slot.begin", "owner": "speaker_id"}, None, None),
        ({"summary": "speaker.get_full_name", "owner": lambda event: None}, None, None),
    ],
)
@isolate_apps("tests.hosts")
def test_paths_are_checked(arguments: dict[str, Any], number: str | None, says: str | None) -> None:
    class Slot(models.Model):
        begin = models.DateTimeField()

        class Meta:
            app_label = "hosts"

    class Talk(models.Model):
        title = models.CharField(max_length=10)
        begin = models.DateTimeField()
        speaker = models.ForeignKey(User, models.CASCADE, related_name="+")
        slot = models.ForeignKey(Slot, models.CASCADE, related_name="+")
        conferencing = ConferencingField(**{"owner": "speaker", "summary": "title", "start": "begin", **arguments})

        class Meta:
            app_label = "hosts"

        @property
        def headline(self) -> str:
            return self.title

    messages = Talk.conferencing.check()
    if number is None:
        assert messages == []
    else:
        (message,) = messages
        assert (message.id, says in message.msg) == (f"conferencing.{number}", True)
        lacking = "User: " if says == "User has no 'manager'" else "Talk: "
        assert lacking in message.hint
        assert ("username" if lacking == "User: " else "title") in message.hint


@isolate_apps("tests.hosts")
def test_a_composite_key_is_an_error() -> None:
    class Pair(models.Model):
        pk = models.CompositePrimaryKey("left", "right")
        left = models.IntegerField()
        right = models.IntegerField()
        conferencing = ConferencingField(owner=lambda event: None, summary="left", start="right")

        class Meta:
            app_label = "hosts"

    assert [message.id for message in Pair.conferencing.check()] == ["conferencing.E011"]


@isolate_apps("tests.hosts")
def test_a_proxy_that_declares_it_is_an_error() -> None:
    class Thing(models.Model):
        begin = models.DateTimeField()

        class Meta:
            app_label = "hosts"

    class Seen(Thing):
        conferencing = ConferencingField(owner=lambda event: None, summary="begin", start="begin")

        class Meta:
            app_label = "hosts"
            proxy = True

    assert field_for(Thing) is None
    assert [message.id for message in Seen.conferencing.check()] == ["conferencing.E014"]


@isolate_apps("tests.hosts")
def test_a_second_field_is_an_error() -> None:
    class Talk(models.Model):
        begin = models.DateTimeField()
        conferencing = ConferencingField(owner=lambda event: None, summary="begin", start="begin")

        class Meta:
            app_label = "hosts"

    class Panel(Talk):
        broadcast = ConferencingField(owner=lambda event: None, summary="begin", start="begin")

        class Meta:
            app_label = "hosts"

    assert [message.id for message in Panel.broadcast.check()] == ["conferencing.E016"]


def test_an_unknown_attach_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match='attach must be "default" or None'):
        ConferencingField(owner="a", summary="b", start="c", attach="always")


class Elsewhere:
    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "elsewhere" if model._meta.label == "hosts.Lesson" else None


def test_events_in_another_database_are_pointed_out(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Elsewhere()]
    message = found(events.check_models)["W003"]
    assert "hosts.Lesson is saved in the database 'elsewhere'" in message.msg
    assert "conferencing_backfill hosts.Lesson" in str(message.hint)


def test_manage_py_check_prints_the_line_to_paste() -> None:
    code = "from tests.settings import *\nCONFERENCING_ENCRYPTION_KEYS = []\n"
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, types, os\nmodule = types.ModuleType('broken_settings')\nexec({code!r}, vars(module))\n"
            "sys.modules['broken_settings'] = module\nos.environ['DJANGO_SETTINGS_MODULE'] = 'broken_settings'\n"
            "from django.core.management import execute_from_command_line\n"
            "execute_from_command_line(['manage.py', 'check'])",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert re.search(r'HINT: CONFERENCING_ENCRYPTION_KEYS = \["[\w=-]{43,44}"\]', run.stderr), run.stderr
