"""Uploads in parts, as S3 has them: what was acknowledged is kept, and a browser that was closed goes on by listing."""

from typing import ClassVar

from django.db import models

from tonewright.server.models.accounts import User
from tonewright.server.models.catalog import Audio, Project, Song
from tonewright.server.models.common import Row


class Upload(Row):
    """A file on its way in. With a song it becomes its new mix or a reference; with a project, a new song there;
    with neither, a new project."""

    class State(models.TextChoices):
        OPEN = "open"
        ASSEMBLING = "assembling"
        DONE = "done"
        ABORTED = "aborted"

    UNFINISHED = (State.OPEN, State.ASSEMBLING)

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="uploads")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="uploads")
    song = models.ForeignKey(Song, on_delete=models.CASCADE, null=True, blank=True, related_name="uploads")
    role = models.CharField(max_length=10, choices=Audio.Role.choices, default=Audio.Role.MIX)
    filename = models.CharField(max_length=255)
    bytes = models.BigIntegerField()
    part_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    expires_at = models.DateTimeField(db_index=True)
    audio = models.ForeignKey(Audio, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")


class UploadPart(Row):
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["upload", "number"], name="one_row_a_part")]
