"""Asking the lists of the admin."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse


def changelist(name: str) -> str:
    return reverse(f"admin:conferencing_app_{name}_changelist")


def page(name: str, kind: str, *arguments: Any) -> str:
    return reverse(f"admin:conferencing_app_{name}_{kind}", args=arguments)


def found_by(client: Client, name: str, **query: str) -> list[Any]:
    """The rows that the list shows for this query."""
    response = client.get(changelist(name), query)
    assert response.status_code == 200, response.headers
    return list(response.context["cl"].result_list)
