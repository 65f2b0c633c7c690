"""Rows as they stand after work that no test of the catalogue has to do: heard mixes, ready versions."""

import hashlib
from typing import Any

from tonewright.dsp.gain import GainParams
from tonewright.engine.recipe import Recipe, Step
from tonewright.server.models import Audio, Master, Song
from tonewright.server.storage import content_key, storage

RATE_HZ = 44100


def ready_mix(song: Song, filename: str = "mix.wav", **facts: Any) -> Audio:
    """The song's mix, heard: ten seconds of stereo."""
    digest = hashlib.sha256(filename.encode()).hexdigest()
    values: dict[str, Any] = {
        "state": Audio.State.READY,
        "filename": filename,
        "bytes": 1000,
        "sha256": digest,
        "rate_hz": RATE_HZ,
        "channels": 2,
        "frames": 10 * RATE_HZ,
        "measurements": {"integrated_lufs": -20.0, "true_peak_dbtp": -6.0, "duration_s": 10.0},
    }
    song.mix = Audio.objects.create(song=song, **(values | facts))
    song.save()
    return song.mix


def keep(content: bytes) -> str:
    """A file in storage; gives its key."""
    key = content_key(hashlib.sha256(content).hexdigest())
    storage().put(key, content)
    return key


def recipe(gain_db: float = 3.0) -> Recipe:
    return Recipe(steps=(Step(id="level", kind="gain", params=GainParams(gain_db=gain_db)),))


def ready_master(mix: Audio | None, made_by: Recipe | None = None, **facts: Any) -> Master:
    """The next version of the mix's song, as a worker leaves it."""
    assert mix is not None
    used = made_by or recipe()
    values: dict[str, Any] = {
        "number": Master.objects.filter(song=mix.song).count() + 1,
        "state": Master.State.READY,
        "recipe": used.to_json(),
        "recipe_digest": used.digest(),
        "measurements": {"integrated_lufs": -14.0, "true_peak_dbtp": -1.0, "duration_s": 10.0},
    }
    return Master.objects.create(song=mix.song, audio=mix, **(values | facts))
