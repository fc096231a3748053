"""The app's tables, one noun a module."""

from conferencing_app.models.attempt import Attempt
from conferencing_app.models.conference import Conference
from conferencing_app.models.endpoint import Endpoint
from conferencing_app.models.inbound import InboundMessage
from conferencing_app.models.link import LinkAttempt, LinkRequest, RelinkProof, Verification
from conferencing_app.models.mail import Mail
from conferencing_app.models.meeting import Meeting
from conferencing_app.models.notification import Notification, NotificationDelivery, Subject
from conferencing_app.models.profile import ConferencingProfile, Grant
from conferencing_app.models.tally import Tally
from conferencing_app.models.work import DueWork, Gate, Leased
from conferencing_app.models.worker import Worker

__all__ = [
    "Attempt",
    "Conference",
    "ConferencingProfile",
    "DueWork",
    "Endpoint",
    "Gate",
    "Grant",
    "InboundMessage",
    "Leased",
    "LinkAttempt",
    "LinkRequest",
    "Mail",
    "Meeting",
    "Notification",
    "NotificationDelivery",
    "RelinkProof",
    "Subject",
    "Tally",
    "Verification",
    "Worker",
]
