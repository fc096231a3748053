"""The mails to people about their accounts, and to the site's administrators.

What each is about, whom it goes to, and how it reads, as text and HTML. A mail is a row, written in the transaction of
what it tells of; ``notifications.mailing`` sends it.
"""

from conferencing_app.mails.composing import compose
from conferencing_app.mails.facts import Moot
from conferencing_app.mails.recipients import address_digest, address_of, admin_addresses, recipients_of
from conferencing_app.mails.server import SMTP, mail_connection, mail_server, server_of_mailers
from conferencing_app.mails.site import site_name, site_url
from conferencing_app.mails.writing import (
    account_linked,
    account_moved,
    account_unlinked,
    admin_digest,
    endpoint_disabled,
    event_without_link,
    post,
    profile_disconnected,
    verify_link,
)

__all__ = [
    "SMTP",
    "Moot",
    "account_linked",
    "account_moved",
    "account_unlinked",
    "address_digest",
    "address_of",
    "admin_addresses",
    "admin_digest",
    "compose",
    "endpoint_disabled",
    "event_without_link",
    "mail_connection",
    "mail_server",
    "post",
    "profile_disconnected",
    "recipients_of",
    "server_of_mailers",
    "site_name",
    "site_url",
    "verify_link",
]
