"""Laws that every processor keeps, whoever wrote it and whatever its settings are.

The processors come from the list in dsp/processors.py and the settings from their own declarations, so a new one is
held to these laws without a line in here.
"""

from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from tonewright.base.params import Params, knobs
from tonewright.base.signal import Block
from tonewright.dsp.processors import kinds, processor
from tonewright.dsp.stage import Context, Stage, run_whole

KINDS = kinds()
RATES_HZ = (8_000, 22_050, 44_100, 48_000, 96_000)
#: Few and reproducible: the same examples on every machine, so a failure is one that others can see.
FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),  # a law of signals has no smallest example worth minutes of search
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
#: The stage's docstring: after its preroll a late start differs by less than this.
HONEST_DB = -120.0


# --- settings, drawn from their declarations ---


def params_of(params: type[Params]) -> st.SearchStrategy[Any]:
    """Valid settings of a Params class, bands included. What its validators refuse is drawn again."""
    fields = {name: _values(params, name, info) for name, info in params.model_fields.items()}

    def valid(values: dict[str, Any]) -> bool:
        try:
            params.model_validate(values)
        except ValueError:
            return False
        return True

    return st.fixed_dictionaries(fields).filter(valid).map(params.model_validate)


def _values(params: type[Params], name: str, info: FieldInfo) -> st.SearchStrategy[Any]:
    spec = knobs(params).get(name)
    if spec is None:
        return _of_type(info.annotation, info)
    low, high = spec.low, spec.high
    if spec.scale == "log" and low > 0:
        numbers: st.SearchStrategy[Any] = st.floats(np.log(low), np.log(high)).map(
            lambda value: float(np.clip(np.exp(value), low, high))
        )
    else:
        numbers = st.floats(low, high).map(lambda value: float(np.clip(round(value, 9), low, high)))
    if info.annotation is int:
        numbers = st.integers(int(low), int(high))
    edges = st.sampled_from([info.default, info.annotation(low) if info.annotation is int else low, high])
    return numbers | edges


def _of_type(annotation: Any, info: FieldInfo) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([_of_type(each, info) for each in arguments])
    if annotation is NoneType:
        return st.none()
    if annotation is bool:
        return st.booleans()
    if isinstance(annotation, type) and issubclass(annotation, Params):
        return params_of(annotation)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        longest = min(3, _limit(info, "max_length", 3))
        least = min(_limit(info, "min_length", 0), longest)
        return st.lists(_of_type(arguments[0], info), min_size=least, max_size=longest).map(tuple)
    # A number or a table without a knob: only the processor knows what it may be, so its default has to do.
    if info.is_required():
        raise AssertionError(f"{annotation} has neither a knob nor a default, so no one can draw it")
    return st.just(info.get_default(call_default_factory=True))


def _limit(info: FieldInfo, name: str, otherwise: int) -> int:
    return next((getattr(each, name) for each in info.metadata if hasattr(each, name)), otherwise)


def cases(kind: str) -> st.SearchStrategy[tuple[Params, Context]]:
    """Settings and where they work. Stages that follow the song's time line also start in its middle."""
    contexts = st.builds(
        Context, st.sampled_from(RATES_HZ), st.sampled_from((1, 2)), st.sampled_from((0, 1, 44_100 * 100 + 7))
    )
    return st.tuples(params_of(processor(kind).params), contexts)


# --- signals ---

SCALES = (1.0, 0.1, 1e-4, 1e3, 1e-300, 1e-320, 1e6)


def noise(channels: int, frames: int, scale: float = 0.25, seed: int = 1) -> Block:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(0.0, 1.0, (channels, frames)) * scale, dtype=np.float64)


def music(context: Context, frames: int) -> Block:
    """Something that moves dynamics: a chord with beats, loud and soft passages, noise bursts, a little DC."""
    rng = np.random.default_rng(11)
    time = np.arange(frames) / context.rate_hz
    tone = sum(np.sin(2 * np.pi * f * time + f) for f in (61.0, 220.0, 277.2, 1_318.5, 3_100.0)) / 5
    loudness = np.where(np.floor(time * 5) % 2 == 0, 0.8, 0.08)
    bursts = (np.sin(2 * np.pi * 3.0 * time) > 0.9) * 0.3
    channels = [loudness * tone + (bursts + 0.002) * rng.normal(0, 1, frames) + 0.003]
    if context.channels == 2:
        channels.append(0.7 * np.roll(channels[0], 9) + (0.5 * bursts + 0.002) * rng.normal(0, 1, frames))
    return np.asarray(channels, dtype=np.float64)


def stream(stage: Stage, samples: Block, cuts: list[int]) -> Block:
    edges = [0, *sorted(cuts), samples.shape[1]]
    parts = [stage.process(samples[:, a:b]) for a, b in pairwise(edges)]
    return np.concatenate([*parts, stage.flush()], axis=1)


def level_db(samples: Block) -> float:
    return float(20.0 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-300))


# --- the laws ---


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(data=st.data())
def test_any_split_equals_the_whole_and_repeats(kind: str, data: st.DataObject) -> None:
    known = processor(kind)
    params, context = data.draw(cases(kind))
    frames = data.draw(st.sampled_from((0, 1, 500, 5_003, 40_000)))
    cuts = data.draw(st.lists(st.integers(0, frames), max_size=6))
    samples = music(context, frames)
    given_samples = samples.copy()
    whole = run_whole(known.design(params, context), samples)
    assert whole.shape == samples.shape, "as many frames out as in"
    assert whole.dtype == np.float64
    np.testing.assert_array_equal(samples, given_samples, "the input is not to be changed")
    parts = stream(known.design(params, context), samples, cuts)
    np.testing.assert_array_equal(parts, whole, "a split changed the samples")
    again = run_whole(known.design(params, context), samples)
    assert again.tobytes() == whole.tobytes(), "the same input gave other bytes"


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(data=st.data())
def test_no_more_is_held_back_than_said(kind: str, data: st.DataObject) -> None:
    params, context = data.draw(cases(kind))
    stage = processor(kind).design(params, context)
    assert stage.latency_frames >= 0
    assert stage.preroll_s >= 0.0
    fed = returned = 0
    for block in np.array_split(music(context, 30_000), [1, 2_000, 2_001, 11_000, 25_000], axis=1):
        returned += stage.process(block).shape[1]
        fed += block.shape[1]
        assert 0 <= fed - returned <= stage.latency_frames
    returned += stage.flush().shape[1]
    assert returned == fed


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(data=st.data())
def test_finite_in_is_finite_out(kind: str, data: st.DataObject) -> None:
    params, context = data.draw(cases(kind))
    scale = data.draw(st.sampled_from(SCALES))
    samples = noise(context.channels, 9_000, scale)
    samples[:, 3_000:6_000] = data.draw(st.sampled_from((0.0, scale, -scale)))
    with np.errstate(over="ignore", under="ignore"):
        out = run_whole(processor(kind).design(params, context), samples)
    assert np.all(np.isfinite(out))


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(data=st.data())
def test_silence_stays_silence(kind: str, data: st.DataObject) -> None:
    params, context = data.draw(cases(kind))
    out = run_whole(processor(kind).design(params, context), np.zeros((context.channels, 20_000)))
    assert not out.any()


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(data=st.data())
def test_the_preroll_and_the_latency_are_honest(kind: str, data: st.DataObject) -> None:
    """A window, fed as a renderer feeds it, is the slice of the whole to -120 dB of the signal."""
    known = processor(kind)
    params, context = data.draw(cases(kind))
    stage = known.design(params, context)
    preroll = round(stage.preroll_s * context.rate_hz)
    if preroll + stage.latency_frames > 12 * 48_000:
        return  # an extreme setting; it would take all the time there is
    begin = data.draw(st.sampled_from((3_333, 11_001)))
    window = 6_000
    frames = begin + preroll + window + stage.latency_frames + 5_000
    samples = music(context, frames)
    whole = run_whole(stage, samples)
    late = known.design(params, Context(context.rate_hz, context.channels, context.start_frame + begin))
    stop = begin + preroll + window + stage.latency_frames
    part = late.process(samples[:, begin:stop])[:, preroll : preroll + window]
    assert part.shape[1] == window, "the latency is longer than said"
    want = whole[:, begin + preroll : begin + preroll + window]
    signal_db = max(level_db(samples[:, : stop + 1]), level_db(want))
    assert level_db(part - want) - signal_db < HONEST_DB


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(data=st.data())
def test_settings_are_said_in_one_line_and_survive_json(kind: str, data: st.DataObject) -> None:
    known = processor(kind)
    params = data.draw(params_of(known.params))
    words = known.describe(params)
    assert words.strip() == words != ""
    assert "\n" not in words
    assert known.params.model_validate_json(params.model_dump_json()) == params
    assert known.params.model_validate(params.model_dump(mode="json")) == params


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_is_declared_as_a_knob(kind: str) -> None:
    """With help, a range that holds the default, and a step; also in bands."""
    todo = [processor(kind).params]
    while todo:
        params = todo.pop()
        declared = knobs(params)
        assert params.__doc__
        for name, info in params.model_fields.items():
            assert info.annotation not in (int, float) or name in declared, f"{params.__name__}.{name}"
            todo += [
                each for each in get_args(info.annotation) if isinstance(each, type) and issubclass(each, Params)
            ]
        for spec in declared.values():
            assert spec.low <= spec.default <= spec.high, spec
            assert spec.help.endswith("."), f"{params.__name__}.{spec.name}: {spec.help}"
            assert spec.step > 0, spec
