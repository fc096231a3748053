"""The suite's fixtures: a case, and its provider at the sandbox."""

from __future__ import annotations

import pytest

from conferencing_app.providers import registry
from conferencing_app.sandbox.client import SandboxControl
from tests.contract.providers.case import ProviderCase
from tests.contract.providers.service import Service
from tests.contract.providers.zoom import CASE as ZOOM

CASES = (ZOOM,)


@pytest.fixture(params=CASES, ids=lambda case: case.alias)
def case(request: pytest.FixtureRequest) -> ProviderCase:
    return request.param


@pytest.fixture(params=[case for case in CASES if case.inbound], ids=lambda case: case.alias)
def sender(request: pytest.FixtureRequest) -> ProviderCase:
    """A provider whose service sends us messages."""
    return request.param


@pytest.fixture
def service(case: ProviderCase, conferencing_sandbox: SandboxControl, settings) -> Service:
    settings.CONFERENCING_READ_TIMEOUT_SECONDS = 1.0
    settings.CONFERENCING_PROVIDERS = {case.alias: {"BACKEND": case.backend, "OPTIONS": dict(case.credentials)}}
    return Service(case, registry.get(case.alias), conferencing_sandbox)
