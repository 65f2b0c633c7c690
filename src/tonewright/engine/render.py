"""Rendering: a recipe over a signal, window by window, identical however it is cut.

A song is cut on a fixed grid of segments. Each segment is rendered by a fresh chain that is fed from a preroll
before it (long enough for every stage's state to settle) to the stages' latency after it, and neighbouring segments
are joined by a short crossfade between two renderings that are equal to far below hearing. So

- a window is bit for bit the slice of the whole, because it is made of the very same segments;
- segments are independent, so they are rendered on all cores, in bounded memory;
- nothing depends on how many cores there are.

The maximiser is rendered as a second layer over the finished sound before it. The loudness search listens to that
same layer, so what was searched on is to the bit what is delivered.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise

import numpy as np

from tonewright.base.errors import RecipeInvalid
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Block, Signal
from tonewright.base.units import db_to_gain
from tonewright.dsp.processors import processor
from tonewright.dsp.stage import Context, Stage, run
from tonewright.engine.recipe import Recipe, Step
from tonewright.engine.segment_store import SegmentStore

#: One segment: long against the preroll (which is rendered twice), short against a song (so that cores share it).
SEGMENT_S = 10.0
#: At high rates shorter ones, so that memory stays bounded: 7.5 s at 96 kHz.
_MOST_FRAMES = 720_000
#: So much is fed to a chain at a time: with its copies in the stages it stays in a core's cache. It changes no bit.
_FED_FRAMES = 1 << 15
#: Neighbouring segments agree to -120 dB at their join; the fade makes even that difference smooth.
FADE_S = 0.02
#: What a layer keeps of its rendered segments, on the disk: three quarters of an hour at 44.1 kHz stereo.
KEPT_BYTES = 2 << 30


@lru_cache(maxsize=1)
def pool() -> ThreadPoolExecutor:
    """The threads that render. The kernels and transforms release the interpreter lock."""
    return ThreadPoolExecutor(max_workers=workers(), thread_name_prefix="render")


def workers() -> int:
    """Cores this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def segment_frames(rate_hz: int) -> int:
    """The grid's step: a function of the rate alone, so that a render repeats everywhere."""
    return min(round(SEGMENT_S * rate_hz), _MOST_FRAMES)


class Layer:
    """Steps over a signal, as a signal.

    Segments are rendered when they are first read and as far as they are read, and whole ones are kept while there is
    room (keep: False for what is read once, in order). Threads may read at once.
    """

    def __init__(self, source: Signal, steps: Sequence[Step], *, keep: bool = True) -> None:
        self.source = source
        self.steps = tuple(step for step in steps if step.enabled)
        self.rate_hz = source.rate_hz
        self.channels = source.channels
        self.frames = source.frames
        self._segment = segment_frames(self.rate_hz)
        self._fade = round(FADE_S * self.rate_hz)
        probes = self._stages(0)
        self._latency = sum(stage.latency_frames for stage in probes)
        self._preroll = sum(round(stage.preroll_s * self.rate_hz) for stage in probes)
        self._lock = threading.Lock()
        self._recent: dict[int, _Segment] = {}
        self._kept = SegmentStore(KEPT_BYTES if keep else 0)

    def _stages(self, start_frame: int) -> list[Stage]:
        context = Context(self.rate_hz, self.channels, start_frame)
        return [processor(step.kind).design(step.params, context) for step in self.steps]

    def read(self, start: int, frames: int) -> Block:
        stop = min(start + frames, self.frames)
        if not self.steps or stop <= start:
            return self.source.read(start, max(0, stop - start))
        pieces = []
        for index in range(start // self._segment, (stop - 1) // self._segment + 1):
            first = index * self._segment
            piece = self._joined(index, max(start - first, 0), min(stop - first, self._segment))
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)

    def _joined(self, index: int, lo: int, hi: int) -> Block:
        """Frames lo..hi of a segment, its head faded over from the tail of the one before."""
        piece = self._part(index, hi)[:, lo:hi].copy()
        if index > 0 and lo < self._fade:
            upto = min(hi, self._fade)
            tail = self._part(index - 1, self._segment + upto)[:, self._segment + lo : self._segment + upto]
            rise = (np.arange(lo, upto) + 0.5) / self._fade
            head = piece[:, : upto - lo]
            head *= rise
            head += tail * (1.0 - rise)
        return piece

    def _part(self, index: int, upto: int) -> Block:
        """At least the first `upto` frames of a segment: kept, or rendered by this thread or another up to there."""
        with self._lock:
            recent = self._recent.get(index)
            if recent is None:
                recent = self._recent[index] = _Segment(self, index)
                # oldest first, however lately it was used: a song is read in order, and the next needs the newest
                while len(self._recent) > workers() + 2:
                    del self._recent[next(iter(self._recent))]
        return recent.upto(upto)

    def render(self, index: int) -> Iterator[Block]:
        """A segment and the fade after it by a fresh chain, from its first frame on.

        The chain is always fed the same blocks of the same range, so pausing or stopping it changes no bit.
        """
        first = index * self._segment
        begin = max(0, first - self._preroll)
        end = min(self.frames, first + self._segment + self._fade + self._latency)
        skip = first - begin
        for block in run(self._stages(begin), self._feed(begin, end)):
            if skip < block.shape[1]:
                yield block[:, skip:]
            skip = max(0, skip - block.shape[1])

    def segment_size(self, index: int) -> int:
        """Frames of a segment and the fade after it."""
        return min(self._segment + self._fade, self.frames - index * self._segment)

    @property
    def kept(self) -> SegmentStore:
        return self._kept

    def needs(self, start: int, stop: int) -> list[tuple[int, int]]:
        """The spans (start, frames) of the source, each within a segment, from which start..stop is rendered."""
        first = start - start % self._segment
        begin = max(0, first - self._preroll)
        end = min(self.frames, stop + self._latency)
        return _cut(begin, end, self._segment)

    def _feed(self, begin: int, end: int) -> Iterator[Block]:
        for position in range(begin, end, _FED_FRAMES):
            yield self.source.read(position, min(_FED_FRAMES, end - position))


class _Segment:
    """One segment of a layer, rendered as far as it was asked for. Threads may ask at once."""

    def __init__(self, layer: Layer, index: int) -> None:
        self._lock = threading.Lock()
        self._layer, self._index = layer, index
        self._block = np.empty((layer.channels, layer.segment_size(index)))
        self._done = 0
        self._blocks: Iterator[Block] | None = None

    def upto(self, frames: int) -> Block:
        """The segment; at least its first `frames` are there.

        What is there is given without waiting for a thread that renders further, so a layer can follow the one below
        block by block.
        """
        frames = min(frames, self._block.shape[1])
        while self._done < frames:
            with self._lock:
                if self._done < frames:
                    self._go_on()
        return self._block

    def _begin(self) -> None:
        kept = self._layer.kept.get(self._index)
        if kept is None:
            self._blocks = self._layer.render(self._index)
        else:
            self._block[:] = kept
            self._done = kept.shape[1]

    def _go_on(self) -> None:
        """One block more. A chain that broke off can't go on: the next who asks begins anew."""
        if self._blocks is None:
            self._begin()
            return
        try:
            block = next(self._blocks)
        except BaseException:
            self._blocks, self._done = None, 0
            raise
        part = block[:, : self._block.shape[1] - self._done]
        self._block[:, self._done : self._done + part.shape[1]] = part
        self._done += part.shape[1]
        if self._done == self._block.shape[1]:
            self._blocks = None
            self._layer.kept.put(self._index, self._block)


class Delta:
    """What one step changes: its output minus its input (times its static gain, where it has one), as a signal."""

    def __init__(self, before: Signal, step: Step) -> None:
        self.before = before
        self.after = Layer(before, [step])
        self.rate_hz, self.channels, self.frames = before.rate_hz, before.channels, before.frames
        static_gain_db = getattr(processor(step.kind).module, "static_gain_db", None)
        self._gain = db_to_gain(static_gain_db(step.params)) if static_gain_db else 1.0

    def read(self, start: int, frames: int) -> Block:
        difference: Block = self.after.read(start, frames) - self._gain * self.before.read(start, frames)
        return difference


def layers(source: Signal, recipe: Recipe) -> Signal:
    """The recipe over the source: the sound first, then its loudness."""
    tone, loudness = split_at_loudness(recipe.steps)
    return layer(layer(source, tone), loudness)


def layer(source: Signal, steps: Sequence[Step]) -> Signal:
    """The steps over the source; where there are none, the source itself."""
    return Layer(source, steps) if steps else source


def split_at_loudness(steps: Sequence[Step]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Enabled steps before the first maximiser, and from it on."""
    active = tuple(step for step in steps if step.enabled)
    for position, step in enumerate(active):
        if step.kind == "maximiser":
            return active[:position], active[position:]
    return active, ()


def only(source: Signal, recipe: Recipe, step_id: str) -> Signal:
    """One step alone, on the source as it came."""
    return layers(source, recipe.model_copy(update={"steps": (replace_enabled(recipe.step(step_id)),)}))


def delta(source: Signal, recipe: Recipe, step_id: str) -> Signal:
    """What one step changes, at its place in the chain; nothing after it is applied.

    Raises RecipeInvalid if the recipe has no such step or it is switched off.
    """
    step = recipe.step(step_id)
    if not step.enabled:
        raise RecipeInvalid(f"The step {step_id!r} is switched off, so it changes nothing.")
    before = recipe.steps[: recipe.steps.index(step)]
    return Delta(layers(source, recipe.model_copy(update={"steps": before})), step)


def replace_enabled(step: Step) -> Step:
    return step.model_copy(update={"enabled": True})


def window(signal: Signal, start: int, stop: int) -> Block:
    """A short stretch as soon as can be: (channels, stop - start), fewer at the end.

    A stretch of the loudness needs one or two segments of the sound before it. These are rendered beside it, and it
    follows them block by block.
    """
    stop = min(stop, signal.frames)
    reads = begin(signal, start, stop)
    try:
        return np.concatenate([np.empty((signal.channels, 0)), *stream(signal, start, stop)], axis=1)
    finally:
        for read in reads:
            read.cancel()


def begin(signal: Signal, start: int, stop: int) -> list[Future[Block]]:
    """Begin to render what a stretch of the loudness is made of, the sound before it, on other threads."""
    if not isinstance(signal, Layer) or not isinstance(signal.source, Layer) or start >= stop:
        return []
    return [pool().submit(signal.source.read, *span) for span in signal.needs(start, stop)]


def _cut(start: int, stop: int, step: int) -> list[tuple[int, int]]:
    """start..stop cut at the multiples of step, as (start, frames)."""
    edges = [start, *range((start // step + 1) * step, stop, step), stop]
    return [(a, b - a) for a, b in pairwise(edges) if b > a]


def stream(
    signal: Signal, start: int = 0, stop: int | None = None, progress: Progress | None = None
) -> Iterator[Block]:
    """Read a (rendered) signal in order on all cores, in blocks, with at most a few segments in memory."""
    progress = progress or NoProgress()
    stop = signal.frames if stop is None else min(stop, signal.frames)
    spans = _cut(start, stop, segment_frames(signal.rate_hz))
    waiting: list[Future[Block]] = []
    position = 0
    try:
        for done in range(len(spans)):
            while position < len(spans) and position <= done + workers():
                waiting.append(pool().submit(signal.read, *spans[position]))
                position += 1
            yield waiting.pop(0).result()
            progress.advance((done + 1) / len(spans))
    finally:
        for future in waiting:
            future.cancel()
