"""What follows from a sound that was heard: the song's data, its mix, its versions."""

from typing import Any

import pytest

from tonewright.engine.recipe import Recipe
from tonewright.server.models import Audio, Job, Master, Song, User
from tonewright.server.services import arrivals, carrying, jobs
from tonewright.server.services.carrying import Superseded

RESULT: dict[str, Any] = {
    "rate_hz": 44_100,
    "channels": 2,
    "frames": 441_000,
    "tags": {},
    "measurements": {"integrated_lufs": -18.0},
    "listen_index": {"rate_hz": 44_100, "frames": 441_000, "segment_frames": 220_500, "offsets": [0, 5, 9]},
}


def hear(song: Song, owner: User, role: str = "mix", filename: str = "Opening.wav", **tags: Any) -> Audio:
    audio = Audio.objects.create(song=song, role=role, filename=filename, bytes=9, sha256="0" * 64, key="k")
    job = carrying.claim(jobs.accept(Job.Kind.ARRIVE, song, owner, audio=audio).pk)
    assert job is not None
    heard = arrivals.Heard(RESULT | {"tags": tags}, "objects/w", "objects/a", "objects/p", "objects/l")
    arrivals.arrived(job, heard)
    with pytest.raises(Superseded):
        arrivals.arrived(job, heard)
    audio.refresh_from_db()
    song.refresh_from_db()
    return audio


def versions(song: Song) -> list[tuple[int, str, bool]]:
    return [(each.number, each.why, each.recipe_given) for each in song.masters.all()]


def test_a_mix_becomes_the_songs_and_gets_its_first_master(piece: Song, artist: User) -> None:
    piece.intent = {"target": "club"}
    piece.save()
    audio = hear(piece, artist)
    assert (audio.state, audio.rate_hz, audio.work_key) == ("ready", 44_100, "objects/w")
    assert piece.mix == audio
    assert versions(piece) == [(1, "First master", False)]
    master = piece.masters.get()
    assert (master.author, master.audio, master.intent["target"]) == (None, audio, "club")
    assert [job.kind for job in piece.jobs.order_by("created_at")] == ["arrive", "master"]


def test_a_reference_gets_no_master_and_leads_the_next(piece: Song, artist: User) -> None:
    reference = hear(piece, artist, role="reference", filename="Hit.wav")
    assert (piece.mix, versions(piece)) == (None, [])
    hear(piece, artist)
    assert piece.masters.get().references == [{"audio_id": str(reference.pk), "filename": "Hit.wav", "weight": 1.0}]


def test_a_new_mix_goes_through_the_last_recipe_too(piece: Song, artist: User) -> None:
    hear(piece, artist)
    recipe = Recipe().to_json()
    Master.objects.filter(song=piece).update(recipe=recipe, state="ready")
    newer = hear(piece, artist)
    assert piece.mix == newer
    assert versions(piece) == [
        (1, "First master", False),
        (2, "New mix through version 1", True),
        (3, "First master of the new mix", False),
    ]
    through = piece.masters.get(number=2)
    assert (through.recipe, through.parent and through.parent.number, through.audio) == (recipe, 1, newer)


def test_a_mix_that_was_overtaken_does_not_come_back(piece: Song, artist: User) -> None:
    older = Audio.objects.create(song=piece, filename="old.wav", bytes=9, sha256="0" * 64, key="k")
    job = carrying.claim(jobs.accept(Job.Kind.ARRIVE, piece, artist, audio=older).pk)
    assert job is not None
    newer = hear(piece, artist)
    arrivals.arrived(job, arrivals.Heard(RESULT, "w", "a", "p", "l"))
    piece.refresh_from_db()
    assert piece.mix == newer
    assert len(versions(piece)) == 1


def test_tags_fill_what_nobody_has_set(piece: Song, artist: User) -> None:
    hear(piece, artist, filename="07 Opening.wav", title="The Opening", artist="The Band", isrc="QM-ABC-26-00001")
    assert (piece.title, piece.artist, piece.track_number) == ("The Opening", "The Band", 7)
    assert piece.isrc == "QMABC2600001"


def test_what_somebody_has_set_stays(piece: Song, artist: User) -> None:
    piece.title, piece.artist, piece.track_number, piece.isrc = "My Name for It", "Me", 3, "QMABC2600009"
    piece.save()
    hear(piece, artist, title="The Opening", artist="The Band", track_number=7, isrc="QM-ABC-26-00001")
    assert (piece.title, piece.artist, piece.track_number) == ("My Name for It", "Me", 3)
    assert piece.isrc == "QMABC2600009"


def test_a_job_taken_over_by_a_new_owner_tells_the_new_owner(piece: Song, artist: User, stranger: User) -> None:
    """A visitor who signs up while the song is being heard is no more when it is done."""
    audio = Audio.objects.create(song=piece, filename="mix.wav", bytes=9, sha256="0" * 64, key="k")
    job = carrying.claim(jobs.accept(Job.Kind.ARRIVE, piece, artist, audio=audio).pk)
    assert job is not None
    Job.objects.filter(pk=job.pk).update(owner=stranger)
    arrivals.arrived(job, arrivals.Heard(RESULT, "w", "a", "p", "l"))
    assert set(piece.jobs.values_list("owner", flat=True)) == {stranger.pk}
