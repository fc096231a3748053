"""What can go wrong. A provider's answer means exactly one of the five classes below :class:`ProviderError`."""

from __future__ import annotations

from datetime import datetime


class ConferencingError(Exception):
    """Something in the conferencing app went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class KeyUnavailable(ConferencingError):
    """A sealed value can't be opened: none of the keys in CONFERENCING_ENCRYPTION_KEYS fits."""


class LinkError(ConferencingError):
    """Linking an account did not work; ``code`` names why, for the page that tells the person.

    ``link_request`` is the public id of the link that it was for, where there was one.
    """

    link_request: str = ""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class ProviderError(ConferencingError):
    """A provider did not do what was asked.

    ``code`` is the provider's own error code and ``request_id`` its own reference, for support.
    Neither the message nor anything else here holds the body of the answer, an address or a secret.
    ``outcome_unknown`` is true when the provider may have done it all the same (the answer was lost).
    """

    def __init__(
        self, message: str = "", *, code: str = "", request_id: str = "", outcome_unknown: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id
        self.outcome_unknown = outcome_unknown


class Relink(ProviderError):
    """The person must link the account again: the grant is dead, or no longer enough (``cause`` scopes_missing)."""

    def __init__(
        self, message: str = "", *, code: str = "", request_id: str = "", cause: str = "credentials_expired"
    ) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.cause = cause


class AccessTokenExpired(ProviderError):
    """The access token is no longer taken: refresh once, try once more."""


class Unavailable(ProviderError):
    """The provider can't at the moment: try later, not before ``retry_at`` or ``retry_after`` seconds where given."""

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        request_id: str = "",
        outcome_unknown: bool = False,
        retry_after: float | None = None,
        retry_at: datetime | None = None,
        cause: str = "outage",
    ) -> None:
        super().__init__(message, code=code, request_id=request_id, outcome_unknown=outcome_unknown)
        self.retry_after = retry_after
        self.retry_at = retry_at
        self.cause = cause


class Refused(ProviderError):
    """The provider refuses (licence, policy, validation): a person or an administrator must act."""


class Misconfigured(ProviderError):
    """The site's own registration with the provider is at fault: tell the operators, never unlink anyone."""


class Gone(ProviderError):
    """The meeting does not exist (any more)."""
