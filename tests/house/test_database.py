"""The suite's database is one that threads and processes can share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, models

from conferencing_app.fields import ExactField

ROOT = Path(__file__).resolve().parents[2]
# Unique as they are by their small letters: labels of models, names of providers, digests in hexadecimal.
SMALL_LETTERS = {
    "conference.event_model",
    "gate.name",
    "inboundmessage.digest",
    "linkattempt.state_hash",
    "linkrequest.token_hash",
    "verification.token_hash",
    "tally.key",
}
NAMES_OF_USERS = """
import django
django.setup()
from django.contrib.auth import get_user_model
print(*get_user_model().objects.values_list("username", flat=True))
"""


@pytest.mark.django_db(transaction=True)
def test_a_process_that_a_test_starts_finds_the_same_database() -> None:
    get_user_model().objects.create_user("seen-from-outside")
    done = subprocess.run([sys.executable, "-c", NAMES_OF_USERS], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["seen-from-outside"]


@pytest.mark.sqlite
@pytest.mark.django_db
def test_sqlite_lets_readers_go_on_while_one_writes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)


@pytest.mark.postgresql
@pytest.mark.django_db
def test_on_postgresql_the_suite_has_a_database_of_its_own() -> None:
    assert connection.settings_dict["NAME"].startswith("test_")


def unique_texts() -> set[str]:
    found = set()
    for model in apps.get_app_config("conferencing_app").get_models():
        together = {name for one in model._meta.constraints for name in getattr(one, "fields", ())}
        texts = [field for field in model._meta.concrete_fields if isinstance(field, models.CharField)]
        found |= {
            f"{model._meta.model_name}.{field.name}"
            for field in texts
            if (field.unique or field.name in together) and not isinstance(field, ExactField)
        }
    return found


def test_what_must_be_unique_counts_letter_by_letter() -> None:
    """MariaDB takes "A" for "a" in any other column."""
    assert unique_texts() == SMALL_LETTERS
