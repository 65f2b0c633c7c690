"""What is stored."""

from tonewright.server.models.accounts import ApiToken, Invitation, Membership, Role, Team, User
from tonewright.server.models.catalog import Audio, Delivery, Master, Project, Song
from tonewright.server.models.storage import StoredFile
from tonewright.server.models.uploads import Upload, UploadPart
from tonewright.server.models.work import Event, IdempotencyKey, Job, Webhook, WebhookDelivery, Worker

__all__ = [
    "ApiToken",
    "Audio",
    "Delivery",
    "Event",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "Master",
    "Membership",
    "Project",
    "Role",
    "Song",
    "StoredFile",
    "Team",
    "Upload",
    "UploadPart",
    "User",
    "Webhook",
    "WebhookDelivery",
    "Worker",
]
