"""A sound has arrived and was heard: its song learns of it, and a mix gets its first master without being asked."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from tonewright.server.models import Audio, Job, Song
from tonewright.server.services import masters
from tonewright.server.services.carrying import finish, hold
from tonewright.server.services.events import tell
from tonewright.server.services.shown import audio_json, controls_json
from tonewright.server.services.titles import fill_from_tags


@dataclass(frozen=True)
class Heard:
    """What came of an arrival. result: as server/sound/arrive.py gives it. The rest: where its files are kept."""

    result: dict[str, Any]
    work_key: str
    analysis_key: str
    peaks_key: str
    listen_key: str


def arrived(job: Job, heard: Heard) -> None:
    """The sound is ready, together with what follows from it. Raises Superseded."""
    with transaction.atomic():
        hold(job)
        audio = Audio.objects.select_for_update(of=("self",)).get(jobs=job)
        song = Song.objects.select_for_update().get(pk=job.song_id)
        _take_over(audio, heard)
        newest = audio.role == Audio.Role.MIX and _is_newest(audio, song)
        if newest:
            fill_from_tags(song, audio)
            song.mix = audio
            song.save()
        finish(job)
        tell("audio", job.owner_id, song.pk, audio_json(audio))
        if newest:
            _add_versions(audio, song, job)


def _take_over(audio: Audio, heard: Heard) -> None:
    result = heard.result
    audio.state, audio.error = Audio.State.READY, None
    audio.rate_hz, audio.channels, audio.frames = result["rate_hz"], result["channels"], result["frames"]
    audio.tags, audio.measurements = result["tags"], result["measurements"]
    audio.listen_index = result["listen_index"]
    audio.work_key, audio.analysis_key = heard.work_key, heard.analysis_key
    audio.peaks_key, audio.listen_key = heard.peaks_key, heard.listen_key
    audio.save()


def _is_newest(audio: Audio, song: Song) -> bool:
    """Not one that was overtaken by a later upload of the same song."""
    return song.mix is None or (audio.created_at, audio.pk) >= (song.mix.created_at, song.mix.pk)


def _add_versions(audio: Audio, song: Song, job: Job) -> None:
    """The versions that a new mix gets by itself: the last one's recipe again, and a fresh one."""
    last = song.masters.exclude(recipe=None).order_by("-number").first()
    if last is not None:
        masters.add(
            song,
            audio,
            owner=job.owner,
            author=None,
            intent=last.intent,
            recipe=masters.recipe_of(last),
            parent_id=last.pk,
            why=f"New mix through version {last.number}",
            turn=job.order,
        )
    masters.add(
        song,
        audio,
        owner=job.owner,
        author=None,
        intent=controls_json(song),
        why="First master" if last is None else "First master of the new mix",
        turn=job.order,
        bulk=last is not None,
    )
