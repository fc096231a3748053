"""Keys are replaced while everything runs: nothing is unreadable at any time, and the old key goes in the end."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conferencing_app import clock, crypto
from conferencing_app.exceptions import KeyUnavailable
from conferencing_app.fields import Sealed, SealedField
from conferencing_app.models import Conference, ConferencingProfile, Grant, LinkAttempt, Meeting
from conferencing_app.services import credentials, rotation

pytestmark = pytest.mark.django_db(transaction=True)

FULL = bool(os.environ.get("PROMISES_FULL"))
GRANTS, READERS = (10_000, 4) if FULL else (120, 2)
OLD, NEW = crypto.new_key(), crypto.new_key()
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MANY = 2**31  # seconds: the tokens live long enough not to be refreshed
TOKENS = rotation.COLUMNS[:2]


@pytest.fixture(autouse=True)
def keys(settings: Any) -> Any:
    """The site as it was: one key, which has sealed everything."""
    settings.CONFERENCING_ENCRYPTION_KEYS = [OLD]
    return settings


def grants(count: int) -> list[Grant]:
    """That many accounts, each with its tokens."""
    profiles = ConferencingProfile.objects.bulk_create(
        ConferencingProfile(provider="zoom", account_key=f"zoom:{number}", linked_at=NOW) for number in range(count)
    )
    rows = []
    for profile in profiles:
        grant = Grant(profile=profile, expires_at=NOW + timedelta(days=1000))
        grant.access_token = Sealed.seal(f"access {profile.account_key}", grant.place("access_token"))
        grant.refresh_token = Sealed.seal(f"refresh {profile.account_key}", grant.place("refresh_token"))
        rows.append(grant)
    return Grant.objects.bulk_create(rows)


def rotate(*arguments: str) -> str:
    out = io.StringIO()
    call_command("conferencing_rotate_keys", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def opened(column: str) -> list[str]:
    return [
        getattr(grant, column).open(grant.place(column))
        for grant in Grant.objects.select_related("profile").order_by("pk")
    ]


def names(column: str, count: int) -> list[str]:
    return [f"{column} zoom:{number}" for number in range(count)]


def id_of(key: str) -> str:
    return crypto.key_id(crypto.decode_key(key))


def test_every_sealed_column_is_rotated() -> None:
    """A new one has to be listed, with the row whose lease guards it."""
    fields = {
        (model, field.name)
        for model in apps.get_app_config("conferencing_app").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedField)
    }
    assert {(column.model, column.name) for column in rotation.COLUMNS} == fields


def test_the_old_key_goes_when_nothing_needs_it(keys: Any) -> None:
    grants(5)
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW, OLD]
    assert f"Key 2 ({id_of(OLD)}) is still needed for 10 values: keep it." in rotate("--count")
    said = rotate("--batch-size", "2")
    assert "Grant.access_token: 5 sealed anew." in said
    assert f"Key 1 ({id_of(NEW)}), the newest, has sealed 10 values." in said
    assert f"Key 2 ({id_of(OLD)}) is needed for nothing: it may go" in said
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW]
    assert (opened("access_token"), opened("refresh_token")) == (names("access", 5), names("refresh", 5))


def test_what_the_newest_key_has_sealed_is_left_as_it_is(keys: Any) -> None:
    grants(3)
    before = list(Grant.objects.values_list("access_token", flat=True))
    assert "Grant.access_token: 0 sealed anew." in rotate()
    assert list(Grant.objects.values_list("access_token", flat=True)) == before


def test_links_and_join_links_of_hosts_are_rotated_too(keys: Any) -> None:
    (grant,) = grants(1)
    conference = Conference.objects.create(event_model="x.Y", event_key="1", created_at=NOW)
    meeting = Meeting(conference=conference, profile=grant.profile, created_at=NOW)
    meeting.host_url = Sealed.seal("https://host", meeting.place("host_url"))
    meeting.save()
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW, OLD]
    assert "Meeting.host_url: 1 sealed anew." in rotate()
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW]
    meeting.refresh_from_db()
    assert meeting.host_url.open(meeting.place("host_url")) == "https://host"


@pytest.mark.parametrize("held", [Grant, Conference])
def test_what_a_worker_holds_is_left_to_the_next_run(keys: Any, held: type) -> None:
    """It may write back what it has read: then the old key would be needed again."""
    (grant,) = grants(1)
    conference = Conference.objects.create(event_model="x.Y", event_key="1", created_at=NOW)
    meeting = Meeting(conference=conference, profile=grant.profile, created_at=NOW)
    meeting.host_url = Sealed.seal("https://host", meeting.place("host_url"))
    meeting.save()
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW, OLD]
    rows = held.objects.all()  # type: ignore[attr-defined]  # a model
    rows.update(lease_until=clock.now(timedelta(minutes=1)))
    with pytest.raises(CommandError, match=r"in use or are new\. Run this again."):
        rotate()
    rows.update(lease_until=None)
    assert "it may go" in rotate()


def test_a_token_that_is_replaced_meanwhile_is_not_brought_back(keys: Any) -> None:
    (grant,) = grants(1)
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW, OLD]
    looked_at = list(rotation._rows(TOKENS[0]))
    newer = Sealed.seal("newer", grant.place("access_token"))
    Grant.objects.update(access_token=newer)
    assert rotation._reseal_batch(TOKENS[0], looked_at) == rotation.Resealed(busy=1)
    assert opened("access_token") == ["newer"]


def test_it_goes_on_where_it_was_stopped(keys: Any) -> None:
    grants(6)
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW, OLD]
    batches = rotation.reseal(TOKENS[0], 2)
    assert next(batches) == rotation.Resealed(done=2)
    batches.close()  # as a kill between two batches
    assert rotation.count_by_key() == {id_of(NEW): 2, id_of(OLD): 10}
    assert sum(batch.done for batch in rotation.reseal(TOKENS[0], 2)) == 4


def test_what_can_not_be_opened_is_counted_and_keeps_its_key(keys: Any) -> None:
    first, second = grants(2)
    Grant.objects.filter(pk=second.pk).update(access_token=first.access_token)  # moved to another row
    lost = crypto.new_key()
    keys.CONFERENCING_ENCRYPTION_KEYS = [lost]
    Grant.objects.filter(pk=first.pk).update(refresh_token=Sealed.seal("x", first.place("refresh_token")))
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW, OLD]
    out = io.StringIO()
    with pytest.raises(CommandError, match="2 values are left: 2 of them can't be opened"):
        call_command("conferencing_rotate_keys", stdout=out, stderr=out)
    assert f"1 values need the key {id_of(lost)}, which CONFERENCING_ENCRYPTION_KEYS does not hold." in out.getvalue()
    assert "is still needed for 1 values: keep it." in out.getvalue()


@pytest.mark.parametrize("unusable", [[], ["short"]])
def test_without_a_usable_key_it_says_so(keys: Any, unusable: list[str]) -> None:
    keys.CONFERENCING_ENCRYPTION_KEYS = unusable
    with pytest.raises(CommandError, match="no key that can be used"):
        rotate()


def test_nothing_that_it_prints_is_a_secret(keys: Any) -> None:
    grants(1)
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW, OLD]
    said = rotate()
    envelopes = [each.envelope for row in Grant.objects.values_list("access_token", "refresh_token") for each in row]
    assert [secret for secret in (NEW, OLD, "access zoom:0", *envelopes) if secret in said] == []


def test_a_batch_costs_the_same_queries_wherever_it_is(keys: Any) -> None:
    grants(12)
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW, OLD]
    batches = rotation.reseal(TOKENS[0], 4)
    costs = []
    for _ in range(3):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            next(batches)
        costs.append(len(queries))
    assert costs[0] == costs[1] == costs[2] <= 4 + 4  # a row each; look, lock, begin, commit


def test_readers_never_notice(keys: Any, record_property: Callable[[str, object], None]) -> None:
    """While all tokens are sealed anew, whoever needs one gets it."""
    rows = grants(GRANTS)
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW, OLD]
    stop, reads = threading.Event(), [0] * READERS
    failures: list[BaseException] = []
    readers = [
        threading.Thread(target=read_on, args=(rows[number::READERS], stop, reads, number, failures))
        for number in range(READERS)
    ]
    for reader in readers:
        reader.start()
    try:
        said = rotate()
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    record_property("failed_reads", len(failures))
    record_property("rotated", GRANTS)
    assert failures == []
    assert min(reads) > 0
    assert f"Grant.access_token: {GRANTS} sealed anew." in said
    keys.CONFERENCING_ENCRYPTION_KEYS = [NEW]
    assert opened("access_token") == names("access", GRANTS)
    assert LinkAttempt.objects.count() == 0


def read_on(
    rows: Sequence[Grant], stop: threading.Event, reads: list[int], number: int, failures: list[BaseException]
) -> None:
    try:
        while not stop.is_set():
            row = rows[reads[number] % len(rows)]
            token = credentials.access_token(row.profile_id)
            assert token.value.startswith("access zoom:")
            reads[number] += 1
    except (KeyUnavailable, AssertionError, Exception) as error:  # whatever it is, the test must hear of it
        failures.append(error)
    finally:
        connection.close()
