"""For the tests of a site that uses the app: a real sandbox over HTTP, and no account anywhere.

With pytest and pytest-django, in the site's ``conftest.py``::

    pytest_plugins = ["conferencing_app.testing"]

A test that names ``conferencing_sandbox`` then has every provider answered by a sandbox on this machine, and
``drain()`` does what workers would do. With Django's own TestCase, ``SandboxMixin`` does the same, without pytest.
Both need the ``[sandbox]`` extra.
"""

from importlib.util import find_spec

from conferencing_app.testing.cases import SandboxMixin
from conferencing_app.testing.site import (
    CLIENT_ID,
    CLIENT_SECRET,
    DEFAULT_ACCOUNT,
    DEFAULT_BASE_URL,
    LinkProfile,
    Told,
    callback_url,
    drain,
    inbound_url,
    sandbox_settings,
)

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DEFAULT_ACCOUNT",
    "DEFAULT_BASE_URL",
    "LinkProfile",
    "SandboxMixin",
    "Told",
    "callback_url",
    "drain",
    "inbound_url",
    "sandbox_settings",
]

if find_spec("pytest"):
    from conferencing_app.testing.fixtures import (  # noqa: F401  # pytest looks for them here
        conferencing_notifications,
        conferencing_sandbox,
        conferencing_sandbox_process,
        link_profile,
    )
