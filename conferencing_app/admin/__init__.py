"""What staff see: everything they need to help, nothing to change by hand, and no secret."""

from conferencing_app.admin.attempts import AttemptAdmin
from conferencing_app.admin.conferences import ConferenceAdmin
from conferencing_app.admin.endpoints import EndpointAdmin
from conferencing_app.admin.mails import MailAdmin
from conferencing_app.admin.meetings import MeetingAdmin
from conferencing_app.admin.notifications import NotificationAdmin, NotificationDeliveryAdmin
from conferencing_app.admin.profiles import ConferencingProfileAdmin

__all__ = [
    "AttemptAdmin",
    "ConferenceAdmin",
    "ConferencingProfileAdmin",
    "EndpointAdmin",
    "MailAdmin",
    "MeetingAdmin",
    "NotificationAdmin",
    "NotificationDeliveryAdmin",
]
