"""Sounds that were sent in: looked at, weighed, removed."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tonewright.base.errors import UsageError
from tonewright.server.errors import Conflict
from tonewright.server.models import Audio, Job, Master
from tonewright.server.services import access, events, jobs, songs
from tonewright.server.services.access import Actor
from tonewright.server.services.shown import audio_json

#: A removed sound's row stays so long, for who works with it at that moment.
_KEEP_REMOVED = timedelta(hours=1)
_PENDING = (Master.State.QUEUED, Master.State.RENDERING)


def get(actor: Actor, audio_id: UUID) -> Audio:
    """One sound. Raises NotFound."""
    return access.get(actor, Audio, audio_id, removed_at=None)


def weigh(actor: Actor, audio_id: UUID, weight: float) -> Audio:
    """Set how much a reference leads, beside the song's others. Raises NotFound, UsageError for a mix."""
    with transaction.atomic():
        audio = get(actor, audio_id)
        if audio.role != Audio.Role.REFERENCE:
            raise UsageError("weight: only references have one.")
        audio.weight = weight
        audio.save(update_fields=["weight"])
        _tell(actor, audio)
    return audio


def remove(actor: Actor, audio_id: UUID) -> None:
    """Remove a reference, or a mix that nothing was made from. Versions that were led by it keep its name and weight.

    Raises NotFound, and Conflict for a mix that is the song's, or that versions were made from.
    """
    with transaction.atomic():
        audio = get(actor, audio_id)
        if audio.role == Audio.Role.MIX and (audio.song.mix_id == audio.pk or audio.masters.exists()):
            raise Conflict("This mix is in use.", "Send a new mix, or delete the song.")
        for job in Job.objects.filter(audio=audio, state__in=jobs.OPEN):
            jobs.cancel(job)
        Audio.objects.filter(pk=audio.pk).update(removed_at=timezone.now())
        songs.tell(audio.song, actor)


def purge() -> int:
    """Let go of sounds that were removed a while ago and lead no version that is still to be made. Gives how many."""
    gone = 0
    for audio in Audio.objects.filter(removed_at__lt=timezone.now() - _KEEP_REMOVED, masters=None):
        if not _leads_a_pending_version(audio):
            audio.delete()
            gone += 1
    return gone


def _leads_a_pending_version(audio: Audio) -> bool:
    pending = Master.objects.filter(song=audio.song_id, state__in=_PENDING).values_list("references", flat=True)
    return any(each["audio_id"] == str(audio.pk) for led_by in pending for each in led_by)


def _tell(actor: Actor, audio: Audio) -> None:
    events.tell("audio", actor.user.pk, audio.song_id, audio_json(audio))
    songs.tell(audio.song, actor)
