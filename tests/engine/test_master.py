"""The main job on real files: promises kept, bytes repeated, nothing decided that was not asked for."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import slow_meter
from tonewright.base.errors import (
    CeilingPassed,
    Impossible,
    OutputIsInput,
    Silent,
    TonewrightError,
    TooShort,
    WouldClip,
)
from tonewright.base.files import Delivery, Tags, open_signal, open_writer
from tonewright.base.signal import ArraySignal, Block, Layout
from tonewright.engine.deliver import Order, deliver
from tonewright.engine.demo import demo_song
from tonewright.engine.intent import Character, Intent, Match, Reference
from tonewright.engine.master import master
from tonewright.engine.recipe import load
from tonewright.engine.render import layers
from tonewright.engine.result import MasterResult
from tonewright.measure.meter import measure

RATE = 44_100
TAGS = Tags(title="Nine Lives", artist="The Tests", isrc="GBAYE6800011")


def write(path: Path, samples: Block, rate_hz: int = RATE, bits: str = "24") -> Path:
    layout = Layout(rate_hz, samples.shape[0])
    with open_writer(path, Delivery.parse({"bits": bits}, "test"), layout, TAGS) as writer:
        writer.write(samples)
        writer.finish()
    return path


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("song") / "mix.wav", demo_song(24.0, seed=3))


@pytest.fixture(scope="module")
def mastered(song: Path) -> tuple[Path, MasterResult]:
    target = song.with_name("master.wav")
    result = master(
        song,
        target,
        Intent(),
        Delivery(),
        save_recipe=song.with_name("recipe.json"),
        report=song.with_name("report.html"),
    )
    return target, result


def samples_of(path: Path) -> Block:
    with open_signal(path) as file:
        return file.read(0, file.frames)


def test_the_loudness_and_the_ceiling_are_what_was_promised(mastered: tuple[Path, MasterResult]) -> None:
    target, result = mastered
    with open_signal(target) as file:
        heard = measure(file)
        assert (file.info.bits, file.rate_hz, file.frames) == (24, RATE, 24 * RATE)
    assert heard.integrated_lufs == pytest.approx(-14.0, abs=0.1)
    assert heard.integrated_lufs == result.after.integrated_lufs
    assert slow_meter.true_peak_at(samples_of(target), 16) <= 10 ** ((-1.0 + 0.05) / 20)
    assert not [s for s in result.shortfalls if s.what == "loudness"]


def test_tags_survive(mastered: tuple[Path, MasterResult]) -> None:
    with open_signal(mastered[0]) as file:
        assert (file.tags.title, file.tags.artist, file.tags.isrc) == (TAGS.title, TAGS.artist, TAGS.isrc)


def test_the_recipe_gives_the_same_master_again(
    song: Path, mastered: tuple[Path, MasterResult], tmp_path: Path
) -> None:
    target, result = mastered
    recipe = load(song.with_name("recipe.json"))
    assert recipe == result.recipe
    again = master(song, tmp_path / "again.wav", Intent(), Delivery(), recipe=recipe)
    assert again.recipe.digest() == recipe.digest()
    np.testing.assert_array_equal(samples_of(tmp_path / "again.wav"), samples_of(target))
    once_more = master(song, tmp_path / "once_more.wav", Intent(), Delivery())
    assert once_more.recipe == result.recipe
    assert (tmp_path / "once_more.wav").read_bytes() == target.read_bytes()


@pytest.mark.parametrize("window", [(0.0, 1.0), (7.3, 9.1), (14.5, 16.0), (22.0, 24.0)])
def test_a_delivered_window_is_the_slice(
    song: Path, mastered: tuple[Path, MasterResult], tmp_path: Path, window: tuple[float, float]
) -> None:
    start, stop = (round(t * RATE) for t in window)
    with open_signal(song) as file:
        order = Order(tmp_path / "window.wav", Delivery(bits="24"), Tags(), (song,))
        deliver(layers(file, mastered[1].recipe), order, start, stop)
    np.testing.assert_array_equal(samples_of(tmp_path / "window.wav"), samples_of(mastered[0])[:, start:stop])


def test_the_report_and_the_json_say_what_was_done(song: Path, mastered: tuple[Path, MasterResult]) -> None:
    page = song.with_name("report.html").read_text()
    assert TAGS.title in page
    assert page.lower().startswith("<!doctype html>")
    document = json.loads(json.dumps(mastered[1].to_json(), allow_nan=False))
    assert set(document) == {
        "recipe",
        "before",
        "after",
        "findings",
        "decisions",
        "shortfalls",
        "files",
        "seconds",
    }
    assert [d["step"] for d in document["decisions"]] == [s["id"] for s in document["recipe"]["steps"]]
    assert all(d["because"] and d["effect"] for d in document["decisions"])


def test_amount_zero_changes_the_level_only(song: Path, tmp_path: Path) -> None:
    intent = Intent(amount=0, character=Character(warmth=100, width=50, punch=80), lufs=-25)
    result = master(song, tmp_path / "m.wav", intent, Delivery(bits="32f"))
    assert [step.kind for step in result.recipe.steps] == ["maximiser"]
    before, after = samples_of(song), samples_of(tmp_path / "m.wav")
    gain = float(np.vdot(before, after) / np.vdot(before, before))
    assert np.max(np.abs(after - gain * before)) < 1e-6


@pytest.mark.parametrize(
    ("keep", "forbidden"),
    [
        ("tone", {"equaliser", "resonance", "deesser", "dynamic_eq", "saturator"}),
        ("dynamics", {"multiband", "leveller"}),
        ("width", {"stereo"}),
    ],
)
def test_what_is_to_be_kept_is_never_touched(song: Path, tmp_path: Path, keep: str, forbidden: set[str]) -> None:
    character = Character(warmth=80, width=50, punch=80, presence=-40)
    asked = Intent(character=character, lufs=-12)
    free = master(song, tmp_path / "free.wav", asked, Delivery())
    assert forbidden & {step.kind for step in free.recipe.steps}
    kept = master(song, tmp_path / "kept.wav", asked.model_copy(update={"keep": frozenset([keep])}), Delivery())
    assert not forbidden & {step.kind for step in kept.recipe.steps}


def test_kept_loudness_is_the_loudness_it_came_with(song: Path, tmp_path: Path) -> None:
    result = master(song, tmp_path / "m.wav", Intent(keep=frozenset(["loudness"])), Delivery())
    assert result.after.integrated_lufs == pytest.approx(result.before.measurements.integrated_lufs, abs=0.1)


def test_repair_has_no_maximiser_and_no_taste(song: Path, tmp_path: Path) -> None:
    intent = Intent(mode="repair", character=Character(warmth=100, punch=100))
    result = master(song, tmp_path / "m.wav", intent, Delivery())
    assert "maximiser" not in {step.kind for step in result.recipe.steps}
    assert all(reason.finding for step in result.recipe.steps if step.id != "level" for reason in step.because)
    assert result.after.integrated_lufs == pytest.approx(result.before.measurements.integrated_lufs, abs=0.05)


def test_repair_keeps_the_level_and_takes_the_fault(tmp_path: Path) -> None:
    samples = 0.5 * demo_song(12.0, seed=2, flaws=False)
    samples[0] *= 10 ** (3 / 20)
    samples += 0.05
    result = master(write(tmp_path / "mix.wav", samples), tmp_path / "m.wav", Intent(mode="repair"), Delivery())
    assert {"subsonic", "gain"} <= {step.kind for step in result.recipe.steps}
    assert max(abs(dc) for dc in result.after.dc) < 1e-3
    assert result.after.integrated_lufs == pytest.approx(result.before.measurements.integrated_lufs, abs=0.05)


def test_repair_of_a_clean_song_is_the_song(tmp_path: Path) -> None:
    mix = write(tmp_path / "mix.wav", demo_song(12.0, seed=2, flaws=False))
    result = master(mix, tmp_path / "m.wav", Intent(mode="repair"), Delivery())
    assert result.recipe.steps == ()
    np.testing.assert_array_equal(samples_of(tmp_path / "m.wav"), samples_of(mix))


def test_what_whole_numbers_cannot_hold_is_not_delivered(tmp_path: Path) -> None:
    loud = ArraySignal(np.full((1, RATE), 1.2), RATE)
    with pytest.raises(WouldClip, match=r"1\.58 dB over full scale"):
        deliver(loud, Order(tmp_path / "m.wav", Delivery(bits="24"), Tags(), ()))
    assert list(tmp_path.iterdir()) == []
    deliver(loud, Order(tmp_path / "m.wav", Delivery(bits="32f"), Tags(), ()))


def test_an_impossible_loudness_stops_short_and_says_so(tmp_path: Path) -> None:
    """A signal that is all peaks: loudness far above them is not to be had without harm."""
    rng = np.random.default_rng(5)
    clicks = np.zeros((2, 12 * RATE))
    clicks[:, rng.integers(0, clicks.shape[1], 60)] = 0.5
    clicks += rng.normal(0, 1e-4, clicks.shape)
    result = master(write(tmp_path / "clicks.wav", clicks), tmp_path / "m.wav", Intent(lufs=-6), Delivery())
    assert result.after.true_peak_dbtp is not None
    assert result.after.true_peak_dbtp <= -0.95
    assert [s.what for s in result.shortfalls if s.what == "loudness"] == ["loudness"]


def test_a_lossy_master_holds_its_ceiling_after_decoding(song: Path, tmp_path: Path) -> None:
    result = master(song, tmp_path / "m.mp3", Intent(lufs=-10), Delivery())
    with open_signal(tmp_path / "m.mp3") as file:
        heard = measure(file)
    assert heard.true_peak_dbtp is not None
    assert heard.true_peak_dbtp <= -0.95
    assert result.after.true_peak_dbtp == heard.true_peak_dbtp


def test_another_rate_is_held_to_the_same_promises(song: Path, tmp_path: Path) -> None:
    result = master(song, tmp_path / "m.wav", Intent(lufs=-12), Delivery(rate_hz=48_000))
    delivered = samples_of(tmp_path / "m.wav")
    assert delivered.shape[1] == (24 * 48_000)
    assert slow_meter.true_peak_at(delivered, 16) <= 10 ** ((-1.0 + 0.05) / 20)
    assert result.after.integrated_lufs == pytest.approx(-12, abs=0.1)


def test_a_target_brings_its_word_length_and_rate(tmp_path: Path) -> None:
    mix = write(tmp_path / "mix.wav", demo_song(6.0, rate_hz=48_000), 48_000)
    master(mix, tmp_path / "cd.wav", Intent(target="cd"), Delivery())
    with open_signal(tmp_path / "cd.wav") as file:
        assert (file.info.bits, file.rate_hz) == (16, 44_100)


def test_mono_is_mastered_as_mono(tmp_path: Path) -> None:
    mono = write(tmp_path / "mono.wav", demo_song(8.0)[:1])
    result = master(mono, tmp_path / "m.wav", Intent(character=Character(width=50)), Delivery())
    assert samples_of(tmp_path / "m.wav").shape[0] == 1
    assert result.after.integrated_lufs == pytest.approx(-14, abs=0.1)


def test_a_reference_leads_tone_and_loudness(song: Path, tmp_path: Path) -> None:
    bright = demo_song(12.0, seed=8, style="electronic")
    bright[:, 1:] -= 0.9 * bright[:, :-1]
    reference = write(tmp_path / "reference.wav", bright / np.max(np.abs(bright)) * 0.9)
    intent = Intent(references=(Reference(path=reference),), match=Match(tone=1, loudness=1))
    result = master(song, tmp_path / "m.wav", intent, Delivery())
    tone = result.recipe.step("tone").params
    shelf = [band for band in tone.bands if band.kind == "high_shelf"]  # type: ignore[attr-defined]
    assert shelf[0].gain_db > 0.5
    with open_signal(reference) as file:
        theirs = measure(file).integrated_lufs
    assert theirs is not None
    assert result.after.integrated_lufs == pytest.approx(max(min(theirs, -7.0), -40.0), abs=0.15)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: np.zeros((2, RATE)), Silent),
        (lambda: np.full((2, RATE), 0.25), Silent),  # the meter hears its start
        (lambda: demo_song(1.0)[:, : round(0.39 * RATE)], TooShort),
    ],
)
def test_what_cannot_be_mastered_is_refused_and_leaves_nothing(
    tmp_path: Path, make: Callable[[], Block], error: type[TonewrightError]
) -> None:
    source = write(tmp_path / "in.wav", make())
    with pytest.raises(error):
        master(source, tmp_path / "out.wav", Intent(), Delivery(), report=tmp_path / "out.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.wav"]


def test_the_input_is_never_overwritten(song: Path) -> None:
    before = song.read_bytes()
    with pytest.raises(OutputIsInput):
        master(song, song, Intent(), Delivery())
    with pytest.raises(OutputIsInput):
        master(song, song.with_name("x.wav"), Intent(), Delivery(), report=song)
    assert song.read_bytes() == before


def test_a_format_that_cannot_be_is_refused_before_the_work(song: Path, tmp_path: Path) -> None:
    with pytest.raises(Impossible):
        master(song, tmp_path / "m.opus", Intent(), Delivery(rate_hz=96_000))
    assert list(tmp_path.iterdir()) == []


def test_a_broken_promise_delivers_nothing(tmp_path: Path) -> None:
    loud = ArraySignal(0.99 * np.sign(np.sin(np.arange(RATE) * 0.3))[None], RATE)
    order = Order(tmp_path / "m.wav", Delivery(bits="24"), Tags(), ())
    with pytest.raises(CeilingPassed, match="not delivered"):
        deliver(loud, replace(order, ceiling_dbtp=-1.0))
    assert list(tmp_path.iterdir()) == []
