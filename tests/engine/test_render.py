"""Rendering: a window is the slice of the whole, however it is read, and segments join unheard."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tonewright.base.errors import RecipeInvalid
from tonewright.base.params import Params
from tonewright.base.signal import BLOCK_FRAMES, ArraySignal, Block
from tonewright.dsp.gain import GainParams
from tonewright.dsp.maximiser import MaximiserParams
from tonewright.dsp.processors import processor
from tonewright.dsp.stage import Context, run_whole
from tonewright.dsp.subsonic import SubsonicParams
from tonewright.engine.recipe import Recipe, Step
from tonewright.engine.render import SEGMENT_S, Delta, Layer, delta, layers, only, stream, window

RATE = 8_000


def noise(seconds: float, seed: int = 1) -> ArraySignal:
    samples = np.random.default_rng(seed).normal(0.0, 0.1, (2, round(seconds * RATE)))
    return ArraySignal(samples + 0.05, RATE)


def subsonic(step_id: str = "subsonic", corner_hz: float = 20.0) -> Step:
    return Step(id=step_id, kind="subsonic", params=SubsonicParams(corner_hz=corner_hz))


SONG = noise(2.4 * SEGMENT_S)
RECIPE = Recipe(steps=(subsonic(), subsonic("again", 40.0)))
WHOLE = layers(SONG, RECIPE).read(0, SONG.frames)


@given(start=st.integers(0, SONG.frames - 1), frames=st.integers(1, 4 * RATE))
@settings(max_examples=25, deadline=None)
def test_a_window_is_the_slice_of_the_whole(start: int, frames: int) -> None:
    window = layers(SONG, RECIPE).read(start, frames)
    np.testing.assert_array_equal(window, WHOLE[:, start : start + frames])


@pytest.mark.parametrize("at", [1, 2])
def test_a_window_across_a_join_is_the_slice_too(at: int) -> None:
    start = round(at * SEGMENT_S * RATE)
    for lo, hi in [(-50, 50), (0, 10), (100, 400), (-1, 0), (-3 * RATE, 3 * RATE)]:
        window = layers(SONG, RECIPE).read(start + lo, hi - lo)
        np.testing.assert_array_equal(window, WHOLE[:, start + lo : start + hi])


def test_streaming_on_all_cores_gives_the_same_bytes() -> None:
    streamed = np.concatenate(list(stream(layers(SONG, RECIPE))), axis=1)
    assert streamed.tobytes() == WHOLE.tobytes()
    part = np.concatenate(list(stream(layers(SONG, RECIPE), 777, 200_001)), axis=1)
    np.testing.assert_array_equal(part, WHOLE[:, 777:200_001])


def test_segments_agree_with_an_unbroken_run() -> None:
    """The preroll hides the grid: against a run from the song's start, nothing is over -120 dB."""
    unbroken = SONG.samples
    for step in RECIPE.steps:
        unbroken = run_whole(processor(step.kind).design(step.params, Context(RATE, 2)), unbroken)
    assert np.max(np.abs(unbroken - WHOLE)) < 1e-6 * np.max(np.abs(unbroken))


@pytest.mark.parametrize("kept_bytes", [0, 1 << 20, 1 << 30])
def test_what_is_kept_changes_nothing(monkeypatch: pytest.MonkeyPatch, kept_bytes: int) -> None:
    monkeypatch.setattr("tonewright.engine.render.KEPT_BYTES", kept_bytes)
    monkeypatch.setattr("tonewright.engine.render.workers", lambda: 0)
    signal = layers(SONG, RECIPE)
    for _ in range(2):
        read = [signal.read(start, 9_999) for start in range(0, SONG.frames, 9_999)]
        np.testing.assert_array_equal(np.concatenate(read, axis=1), WHOLE)


def test_a_song_that_is_played_once_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    song = noise(9.5 * SEGMENT_S)
    rendered: list[int] = []
    render = Layer.render

    def counting(self: Layer, index: int) -> Iterator[Block]:
        rendered.append(index)
        return render(self, index)

    monkeypatch.setattr(Layer, "render", counting)
    for _ in stream(Layer(song, RECIPE.steps, keep=False)):
        pass
    assert sorted(rendered) == list(range(10))


def test_a_window_read_block_by_block_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loudness reads the sound before it in blocks; each goes on where the last one stopped."""
    blocks = 0

    def counting(stages: object, feed: Iterator[Block]) -> Iterator[Block]:
        nonlocal blocks
        for block in feed:
            blocks += 1
            yield block

    monkeypatch.setattr("tonewright.engine.render.run", counting)
    layer, step = Layer(SONG, [subsonic()]), 1_000
    for start in range(0, round(SEGMENT_S * RATE), step):
        layer.read(start, step)
    assert blocks <= round((SEGMENT_S + 1.0) * RATE) // BLOCK_FRAMES + 1


@pytest.mark.parametrize("start_s", [0.0, 1.0, SEGMENT_S - 0.5, SEGMENT_S, SEGMENT_S + 7.0, 2.3 * SEGMENT_S])
def test_a_window_of_the_loudness_is_the_slice_too(start_s: float) -> None:
    steps = (*RECIPE.steps, Step(id="loudness", kind="maximiser", params=MaximiserParams(drive_db=12.0)))
    whole = layers(SONG, Recipe(steps=steps)).read(0, SONG.frames)
    start = round(start_s * RATE)
    found = window(layers(SONG, Recipe(steps=steps)), start, start + 2 * RATE)
    np.testing.assert_array_equal(found, whole[:, start : start + 2 * RATE])
    np.testing.assert_array_equal(window(SONG, start, start + 100), SONG.samples[:, start : start + 100])


def test_a_segment_that_broke_off_is_rendered_anew() -> None:
    class Breaking(ArraySignal):
        broken = True

        def read(self, start: int, frames: int) -> Block:
            if self.broken:
                raise OSError("gone")
            return super().read(start, frames)

    source = Breaking(SONG.samples, RATE)
    layer = Layer(source, RECIPE.steps)
    with pytest.raises(OSError, match="gone"):
        layer.read(0, 100)
    source.broken = False
    np.testing.assert_array_equal(layer.read(0, 100), WHOLE[:, :100])


def test_past_the_end_there_is_nothing() -> None:
    signal = layers(SONG, RECIPE)
    assert signal.read(SONG.frames, 10).shape == (2, 0)
    assert signal.read(SONG.frames - 3, 10).shape == (2, 3)


def test_no_steps_is_the_source_itself() -> None:
    np.testing.assert_array_equal(layers(SONG, Recipe()).read(5, 100), SONG.samples[:, 5:105])


def test_a_switched_off_step_does_nothing() -> None:
    off = Recipe(steps=(subsonic().model_copy(update={"enabled": False}),))
    np.testing.assert_array_equal(layers(SONG, off).read(0, 1000), SONG.samples[:, :1000])


def test_delta_is_what_the_step_changes_at_its_place() -> None:
    before = layers(SONG, Recipe(steps=RECIPE.steps[:1])).read(0, SONG.frames)
    changed = delta(SONG, RECIPE, "again")
    assert isinstance(changed, Delta)
    np.testing.assert_allclose(before + changed.read(0, SONG.frames), WHOLE, atol=1e-12)


def test_only_is_the_step_alone() -> None:
    alone = only(SONG, RECIPE, "again").read(0, 5000)
    np.testing.assert_array_equal(alone, Layer(SONG, [RECIPE.step("again")]).read(0, 5000))


def test_an_unknown_step_is_named() -> None:
    with pytest.raises(RecipeInvalid, match="no step 'nowhere'"):
        only(SONG, RECIPE, "nowhere")


@pytest.mark.parametrize(
    ("kind", "params"), [("gain", GainParams(gain_db=6.0)), ("maximiser", MaximiserParams(drive_db=6.0))]
)
def test_delta_is_not_the_level(kind: str, params: Params) -> None:
    """What is only made louder is not changed: the delta plays what else happened."""
    quiet = ArraySignal(0.1 * SONG.samples[:, : 2 * RATE], RATE)
    step = Step(id=kind, kind=kind, params=params)
    whole = layers(quiet, Recipe(steps=(step,))).read(0, quiet.frames)
    np.testing.assert_allclose(whole, 10 ** (6 / 20) * quiet.samples, rtol=1e-6)  # it was made louder
    changed = delta(quiet, Recipe(steps=(step,)), kind).read(0, quiet.frames)
    assert np.max(np.abs(changed)) < 1e-6 * np.max(np.abs(whole))


def test_the_delta_of_the_maximiser_is_what_it_took_away() -> None:
    """Peaks that went, at the driven level: the delta and the driven song together are the master."""
    step = Step(id="loud", kind="maximiser", params=MaximiserParams(drive_db=12.0, ceiling_dbtp=-6.0))
    song = ArraySignal(SONG.samples[:, : 2 * RATE], RATE)
    driven = 10 ** (12 / 20) * song.samples
    whole = layers(song, Recipe(steps=(step,))).read(0, song.frames)
    changed = delta(song, Recipe(steps=(step,)), "loud").read(0, song.frames)
    np.testing.assert_allclose(changed, whole - driven, atol=1e-12)
    over = np.max(np.abs(driven)) - 10 ** (-6 / 20)
    assert np.max(np.abs(changed)) >= over > 0.1


def test_the_delta_of_a_gain_is_its_balance() -> None:
    step = Step(id="gain", kind="gain", params=GainParams(gain_db=4.0, right_db=-2.0))
    changed = delta(SONG, Recipe(steps=(step,)), "gain").read(0, 1000)
    assert not np.any(changed[0])
    np.testing.assert_allclose(changed[1], (10 ** (2 / 20) - 10 ** (4 / 20)) * SONG.samples[1, :1000], rtol=1e-12)
