"""What: projects, their songs, the sounds of a song, its versions and the files that are made of them."""

from typing import ClassVar

from django.db import models

from tonewright.server.models.accounts import Team, User
from tonewright.server.models.common import Row


class Project(Row):
    """A single or an album. Its owner is one person; with a team, all members work on it."""

    class Kind(models.TextChoices):
        SINGLE = "single"
        ALBUM = "album"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="projects")
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="projects")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SINGLE)
    title = models.CharField(max_length=200)
    artist = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, db_index=True)


class Song(Row):
    """One song of a project. intent: the studio's controls as they stand (engine.intent.Intent without references)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="songs")
    position = models.PositiveIntegerField(default=0)
    title = models.CharField(max_length=200)
    artist = models.CharField(max_length=200, blank=True)
    track_number = models.PositiveSmallIntegerField(null=True, blank=True)
    isrc = models.CharField(max_length=12, blank=True)
    brief = models.TextField(max_length=5000, blank=True)
    intent = models.JSONField(default=dict)
    changed_at = models.DateTimeField(auto_now=True)
    mix = models.ForeignKey("Audio", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("position", "created_at", "id")


class Audio(Row):
    """A sound that was sent in: a mix of a song, or a song to be led by.

    key: the file as it came. work_key: the same samples, decoded once, in our own file, which all later work reads.
    analysis_key, peaks_key, listen_key: made on arrival (server/sound). error: code, message, remedy.
    """

    class Role(models.TextChoices):
        MIX = "mix"
        REFERENCE = "reference"

    class State(models.TextChoices):
        CHECKING = "checking"
        READY = "ready"
        REFUSED = "refused"

    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="audios")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MIX)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKING)
    error = models.JSONField(null=True, blank=True)
    filename = models.CharField(max_length=255)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    work_key = models.CharField(max_length=200, blank=True)
    analysis_key = models.CharField(max_length=200, blank=True)
    peaks_key = models.CharField(max_length=200, blank=True)
    listen_key = models.CharField(max_length=200, blank=True)
    listen_index = models.JSONField(null=True, blank=True)
    rate_hz = models.PositiveIntegerField(null=True, blank=True)
    channels = models.PositiveSmallIntegerField(null=True, blank=True)
    frames = models.BigIntegerField(null=True, blank=True)
    tags = models.JSONField(default=dict)
    measurements = models.JSONField(null=True, blank=True)
    weight = models.FloatField(default=1.0)
    removed_at = models.DateTimeField(null=True, blank=True)


class Master(Row):
    """One version of a song; what it is never changes once it is ready. author: None is the assistant."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RENDERING = "rendering"
        READY = "ready"
        FAILED = "failed"
        CANCELLED = "cancelled"

    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="masters")
    number = models.PositiveIntegerField()
    audio = models.ForeignKey(Audio, on_delete=models.RESTRICT, related_name="masters")
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children")
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    intent = models.JSONField(default=dict)
    #: what it is led by, as it stood when the version was ordered: audio_id, filename, weight
    references = models.JSONField(default=list)
    #: what its own file says of the song: services.titles.tags_of, as it stood when the file was made
    tags = models.JSONField(default=dict)
    #: given with the order, or found by the assistant
    recipe = models.JSONField(null=True, blank=True)
    recipe_given = models.BooleanField(default=False)
    recipe_digest = models.CharField(max_length=64, blank=True)
    engine_version = models.CharField(max_length=40, blank=True)
    measurements = models.JSONField(null=True, blank=True)
    decisions = models.JSONField(default=list)
    shortfalls = models.JSONField(default=list)
    error = models.JSONField(null=True, blank=True)
    master_key = models.CharField(max_length=200, blank=True)
    report_key = models.CharField(max_length=200, blank=True)
    curves_key = models.CharField(max_length=200, blank=True)
    peaks_key = models.CharField(max_length=200, blank=True)
    listen_key = models.CharField(max_length=200, blank=True)
    listen_index = models.JSONField(null=True, blank=True)
    bytes = models.BigIntegerField(default=0)
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["song", "number"], name="version_numbers_are_unique")
        ]


class Delivery(Row):
    """A file to take away, made on demand from a version."""

    class State(models.TextChoices):
        QUEUED = "queued"
        READY = "ready"
        FAILED = "failed"

    master = models.ForeignKey(Master, on_delete=models.CASCADE, related_name="deliveries")
    format = models.CharField(max_length=10)
    bits = models.CharField(max_length=4, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    error = models.JSONField(null=True, blank=True)
    #: what had to differ from the version, in words (a codec's peaks)
    notes = models.JSONField(default=list)
    filename = models.CharField(max_length=255, blank=True)
    key = models.CharField(max_length=200, blank=True)
    bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["master", "format", "bits"], name="one_delivery_a_format")
        ]
