"""Arrival, master and delivery: what their files hold, and that they agree with each other and with the engine."""

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sound_jobs import RATE, SECONDS, carried_out, write
from tonewright.base.errors import Impossible, InputUnreadable, Silent, UsageError
from tonewright.base.files import Delivery, open_signal
from tonewright.base.signal import Block
from tonewright.dsp.gain import GainParams
from tonewright.dsp.maximiser import MaximiserParams
from tonewright.engine.intent import Intent
from tonewright.engine.master import master
from tonewright.engine.recipe import Recipe, Step, parse
from tonewright.measure.meter import measure
from tonewright.server.sound import jobs
from tonewright.server.sound.arrive import safe_name
from tonewright.server.sound.curves import COLUMNS, over_time
from tonewright.server.sound.peaks import PeaksHeader

Arrived = tuple[Path, dict[str, Any]]


def joined(folder: Path, index: dict[str, Any]) -> Block:
    """All segments of a listening file, one after the other."""
    raw, offsets = (folder / "listen.bin").read_bytes(), index["offsets"]
    assert offsets[-1] == len(raw)
    pieces = [soundfile.read(io.BytesIO(raw[a:b]), always_2d=True)[0] for a, b in pairwise(offsets)]
    return np.concatenate(pieces).T


def whole(path: Path) -> Block:
    with open_signal(path) as file:
        return file.read(0, file.frames)


def test_an_arrival_tells_what_the_file_is(arrived: Arrived, mix: Path) -> None:
    folder, result = arrived
    assert sorted(path.name for path in folder.iterdir()) == sorted(result["files"].values())
    assert (result["rate_hz"], result["channels"], result["duration_s"]) == (RATE, 2, SECONDS)
    assert result["tags"] == {"title": "Nine Lives", "artist": "The Tests", "isrc": "GBAYE6800011"}
    assert result["input"]["path"] == "Nine Lives.wav"
    with open_signal(mix) as file:
        assert result["sha256"] == file.digest()
        assert result["measurements"] == measure(file).to_json()
        np.testing.assert_array_equal(joined(folder, result["listen_index"]), file.read(0, file.frames))
    analysis = json.loads((folder / "analysis.json").read_text())
    assert analysis["measurements"] == result["measurements"]
    assert analysis["curves"]["short_term_lufs"]["high"]
    assert PeaksHeader.parse((folder / "peaks.bin").read_bytes()).frames == result["frames"]


def test_a_master_is_to_the_byte_what_the_engine_makes_of_the_source(
    mastered: Arrived, mix: Path, tmp_path: Path
) -> None:
    folder, result = mastered
    expected = master(mix, tmp_path / "master.wav", Intent(), Delivery(bits="24"))
    assert (folder / "master.wav").read_bytes() == (tmp_path / "master.wav").read_bytes()
    assert result["recipe"] == expected.recipe.to_json() == json.loads((folder / "recipe.json").read_text())
    assert result["recipe_digest"] == expected.recipe.digest()
    assert result["after"] == expected.after.to_json()
    assert result["files"].keys() == {"master", "recipe", "report", "curves", "peaks", "listen"}
    assert sorted(path.name for path in folder.iterdir()) == sorted(result["files"].values())
    assert result["bytes"] == (folder / "master.wav").stat().st_size


def test_what_is_listened_to_is_the_file_itself(mastered: Arrived) -> None:
    folder, result = mastered
    np.testing.assert_array_equal(joined(folder, result["listen_index"]), whole(folder / "master.wav"))


def test_a_given_recipe_gives_the_same_file_and_the_same_curves(
    mastered: Arrived, arrived: Arrived, tmp_path: Path
) -> None:
    folder, result = mastered
    again = carried_out(tmp_path / "again", "master", source=str(arrived[0] / "work.bin"), recipe=result["recipe"])
    assert (tmp_path / "again" / "master.wav").read_bytes() == (folder / "master.wav").read_bytes()
    assert again["shortfalls"] == []
    assert (tmp_path / "again" / "curves.json").read_text() == (folder / "curves.json").read_text()


def test_the_curves_are_small_and_hide_nothing(mastered: Arrived) -> None:
    folder, result = mastered
    curves = json.loads((folder / "curves.json").read_text())
    for side, measured in (("before", result["before"]), ("after", result["after"])):
        assert max(filter(None, curves[side]["true_peak_dbtp"]["high"])) == round(measured["true_peak_dbtp"], 2)
        assert len(curves[side]["momentary_lufs"]["low"]) <= COLUMNS
        assert len(curves[side]["spectrum"]["level_db"]) == len(curves[side]["spectrum"]["centre_hz"])
        assert curves[side]["stereo"]["correlation"]
    reduction = curves["gain_reduction_db"]
    assert min(reduction["low"]) < 0.0
    assert max(reduction["high"]) <= 0.0
    # two hours take no more room than a song
    long = over_time(np.arange(72_000.0), 0.4, 0.1)
    assert len(long["low"]) <= COLUMNS
    assert (long["low"][0], long["high"][-1]) == (0.0, 71_999.0)
    assert over_time([np.nan, -200.0], 0.0, 1.0)["low"] == [None, None]
    assert over_time([], 0.0, 1.0)["low"] == []


@pytest.mark.parametrize(("form", "bits", "name"), [("wav", "16", "delivery.wav"), ("flac", "24", "delivery.flac")])
def test_a_lossless_delivery_is_the_same_master(
    mastered: Arrived, arrived: Arrived, tmp_path: Path, form: str, bits: str, name: str
) -> None:
    folder, result = mastered
    found = carried_out(
        tmp_path / "out",
        "deliver",
        source=str(arrived[0] / "work.bin"),
        recipe=result["recipe"],
        format=form,
        bits=bits,
        tags={"title": "Another Title"},
    )
    assert (found["file"], found["bits"], found["notes"]) == (name, int(bits), [])
    with open_signal(tmp_path / "out" / name) as file:
        assert (file.info.bits, file.tags.title, file.tags.artist) == (int(bits), "Another Title", "The Tests")
        assert file.digest() == found["sha256"]
        difference = file.read(0, file.frames) - whole(folder / "master.wav")
        assert np.abs(difference).max() <= 2.0 ** (2 - int(bits))


@pytest.mark.parametrize(("form", "name"), [("wav", "delivery.wav"), ("flac", "delivery.flac")])
def test_a_versions_own_words_get_other_tags(
    mastered: Arrived, arrived: Arrived, tmp_path: Path, form: str, name: str
) -> None:
    folder, result = mastered
    # as a later engine would: what is rendered anew may differ, what was heard does not
    other = Recipe(steps=(Step(id="level", kind="gain", params=GainParams(gain_db=-20.0)),))
    job = {
        "source": str(arrived[0] / "work.bin"),
        "made": str(folder / "master.wav"),
        "recipe": other.to_json(),
        "format": form,
        "bits": "24",
    }
    found = carried_out(tmp_path / "out", "deliver", **job, tags={"title": "Another Title", "isrc": "QMABC2600001"})
    assert found["notes"] == []
    assert found["measurements"]["integrated_lufs"] == pytest.approx(result["after"]["integrated_lufs"])
    with open_signal(tmp_path / "out" / name) as file:
        assert (file.tags.title, file.tags.artist, file.tags.isrc) == ("Another Title", "The Tests", "QMABC2600001")
        np.testing.assert_array_equal(file.read(0, file.frames), whole(folder / "master.wav"))
    if form == "wav":
        carried_out(tmp_path / "same", "deliver", **job)
        assert (tmp_path / "same" / name).read_bytes() == (folder / "master.wav").read_bytes()


@pytest.mark.parametrize(("form", "name"), [("mp3", "delivery.mp3"), ("aac", "delivery.m4a")])
def test_a_codecs_peaks_are_given_room_and_it_says_so(
    arrived: Arrived, tmp_path: Path, form: str, name: str
) -> None:
    loud = Step(id="loudness", kind="maximiser", params=MaximiserParams(drive_db=14.0, ceiling_dbtp=-1.0))
    found = carried_out(
        tmp_path / "out",
        "deliver",
        source=str(arrived[0] / "work.bin"),
        recipe=Recipe(steps=(loud,)).to_json(),
        format=form,
    )
    with open_signal(tmp_path / "out" / name) as file:
        peak_dbtp = measure(file).true_peak_dbtp
    assert peak_dbtp is not None
    assert peak_dbtp <= -0.95
    assert found["measurements"]["true_peak_dbtp"] == peak_dbtp
    assert "the maximiser's ceiling is" in found["notes"][0]
    lowered = parse(found["recipe"]).step("loudness").params
    assert isinstance(lowered, MaximiserParams)
    assert lowered.ceiling_dbtp < -1.0
    assert lowered.drive_db == 14.0


def test_a_target_asks_for_its_rate_and_a_format_for_one_that_it_carries(tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", np.random.default_rng(1).normal(0.0, 0.1, (2, 3 * 96_000)), rate_hz=96_000)
    carried_out(tmp_path / "in", "arrive", source=str(song), filename="song.wav")
    job = {"source": str(tmp_path / "in" / "work.bin"), "recipe": Recipe().to_json()}
    found = carried_out(tmp_path / "mp3", "deliver", **job, format="mp3")
    assert found["rate_hz"] == 48_000
    assert found["notes"] == ["The rate is 48000 Hz instead of the song's 96000 Hz."]
    found = carried_out(tmp_path / "cd", "deliver", **job, format="wav", bits="16", target="cd")
    with open_signal(tmp_path / "cd" / "delivery.wav") as file:
        assert (file.rate_hz, file.info.bits) == (44_100, 16) == (found["rate_hz"], found["bits"])


def test_references_lead(arrived: Arrived, tmp_path: Path) -> None:
    bright = np.diff(np.random.default_rng(1).normal(0.0, 0.05, (2, 10 * RATE)), axis=1)
    carried_out(tmp_path / "in", "arrive", source=str(write(tmp_path / "r.wav", bright)), filename="r.wav")
    found = carried_out(
        tmp_path / "led",
        "master",
        source=str(arrived[0] / "work.bin"),
        intent={"match": {"tone": 1.0}},
        references=[{"path": str(tmp_path / "in" / "work.bin"), "name": "r.wav", "weight": 1.0}],
    )
    assert any(decision["step"] == "tone" for decision in found["decisions"])


def test_silence_and_foreign_files_are_refused_and_leave_nothing(tmp_path: Path, mix: Path) -> None:
    silent = write(tmp_path / "silent.wav", np.zeros((2, RATE)))
    with pytest.raises(Silent, match=r"^silent take\.wav is silent"):
        carried_out(tmp_path / "in", "arrive", source=str(silent), filename="silent take.wav")
    assert list((tmp_path / "in").iterdir()) == []
    with pytest.raises(InputUnreadable):
        carried_out(tmp_path / "foreign", "master", source=str(mix))
    assert list((tmp_path / "foreign").iterdir()) == []


def test_a_job_that_is_none_is_refused() -> None:
    documents: list[Any] = [{}, [], {"job": "dance"}, 5]
    for document in documents:
        with pytest.raises(UsageError):
            jobs.parse(document)
    with pytest.raises(Impossible, match="source"):
        jobs.parse({"job": "arrive", "folder": "/", "filename": "x"})


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("song.wav", "song.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\mixes\\song.wav", "song.wav"),
        ("", "audio"),
        ("..", "audio"),
        ("a\nb\x1b[2J.wav", "a?b?[2J.wav"),
    ],
)
def test_names_become_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert len(safe_name("ü" * 500 + ".wav").encode()) <= 200
    assert safe_name("ü" * 500 + ".wav").endswith(".wav")
