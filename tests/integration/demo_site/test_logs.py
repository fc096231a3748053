"""The demo site's log of requests."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from project.logs import WithoutQuery


@pytest.fixture
def server() -> Iterator[logging.Logger]:
    logger = logging.getLogger("tests.server")
    yield logger
    logger.filters.clear()


def test_no_code_of_a_provider_is_logged(server: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    """As Django's development server logs: the request's first line, the status and the size as arguments."""
    server.addFilter(WithoutQuery())
    with caplog.at_level(logging.INFO):
        server.info('"%s" %s %s', "GET /conferencing/callback/zoom/?state=s3cret&code=s3cret HTTP/1.1", "303", "0")
    assert caplog.messages == ['"GET /conferencing/callback/zoom/?… HTTP/1.1" 303 0']
