"""Convert a file: format, rate and word length, nothing else. Tags go along; a WAV tells its loudness."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tonewright.base.atomic import refuse_inputs
from tonewright.base.files import AudioInfo, Delivery, FileSignal, Limits, check_delivery, open_signal, open_writer
from tonewright.base.files.formats import Bits, OutputFormat
from tonewright.base.files.tags import at_rate
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.resample import Resampler
from tonewright.base.signal import Block, Layout, blocks, layout_of

if TYPE_CHECKING:
    from tonewright.measure.meter import Measurements


@dataclass(frozen=True, eq=False)
class Conversion:
    """What was done.

    bits: the word length written, None for a lossy format. untouched: every word is the source's own.
    clipped: samples that rate conversion or decoding had put beyond full scale, and that were set to it.
    measurements: of what was written, for a WAV (whose bext chunk holds them); None for other formats.
    """

    source: AudioInfo
    target: Path
    format: str
    codec: str
    rate_hz: int
    channels: int
    frames: int
    bits: int | None
    is_float: bool
    untouched: bool
    clipped: int
    measurements: "Measurements | None"
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return {
            "input": {
                "path": str(self.source.path),
                "container": self.source.container,
                "codec": self.source.codec,
                "rate_hz": self.source.rate_hz,
                "channels": self.source.channels,
                "frames": self.source.frames,
                "bits": self.source.bits,
                "float": self.source.is_float,
            },
            "output": {
                "path": str(self.target),
                "format": self.format,
                "codec": self.codec,
                "rate_hz": self.rate_hz,
                "channels": self.channels,
                "frames": self.frames,
                "bits": self.bits,
                "float": self.is_float,
            },
            "untouched": self.untouched,
            "clipped_samples": self.clipped,
            "measurements": self.measurements.to_json() if self.measurements else None,
            "seconds": self.seconds,
        }


def convert(
    source: Path,
    target: Path,
    delivery: Delivery | None = None,
    *,
    downmix: Literal["mono"] | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Conversion:
    """Write source again as target, whose extension chooses the format.

    Without a word length asked for, the source's is kept where the format has it. Where every word can be kept (same
    rate, same channels, a word length no shorter) it is, bit for bit; otherwise the result is dithered as asked.
    downmix: mono is the mean of left and right.

    Raises what open_signal and open_writer raise.
    """
    started = time.monotonic()
    delivery = delivery or Delivery()
    progress = progress or NoProgress()
    refuse_inputs(target, (source,))
    with open_signal(source, limits) as signal:
        layout = Layout(delivery.rate_hz or signal.rate_hz, 1 if downmix else signal.channels)
        found = check_delivery(target, delivery, layout)
        if found.bits and delivery.bits is None:
            delivery = delivery.model_copy(update={"bits": kept_bits(found, signal.info)})
        same = layout == layout_of(signal)
        source_bits = signal.info.bits if same and not signal.info.is_float else None
        meter = _meter(layout) if found.name == "wav" else None
        progress.stage("convert", 1.0)
        tags = at_rate(signal.tags, signal.rate_hz, layout.rate_hz)
        with open_writer(target, delivery, layout, tags, source_bits=source_bits, inputs=(source,)) as writer:
            for block in _converted(signal, layout, progress):
                written = writer.write(block)
                if meter is not None:
                    meter.feed(written)
            measurements = meter.result() if meter is not None else None
            writer.finish(measurements)
        return Conversion(
            source=signal.info,
            target=target,
            format=found.name,
            codec="float" if writer.is_float else found.codec,
            rate_hz=layout.rate_hz,
            channels=layout.channels,
            frames=writer.frames,
            bits=writer.bits,
            is_float=writer.is_float,
            untouched=same and _untouched(signal.info, writer.bits, is_float=writer.is_float),
            clipped=writer.clipped,
            measurements=measurements,
            seconds=time.monotonic() - started,
        )


def kept_bits(found: OutputFormat, info: AudioInfo) -> Bits:
    """The word length of a format that keeps what a source has: the shortest that is long enough, else the longest."""
    wanted = 32 if info.is_float else info.bits or 24
    if info.is_float and "32f" in found.bits:
        return "32f"
    whole = sorted((bits for bits in found.bits if not bits.endswith("f")), key=int)
    return next((bits for bits in whole if int(bits) >= wanted), whole[-1])


def _untouched(info: AudioInfo, bits: int | None, *, is_float: bool) -> bool:
    if bits is None or info.bits is None:
        return False
    if is_float:
        return info.bits <= (32 if info.is_float else 24)  # float32 holds whole words of 24 bits exactly
    return not info.is_float and info.bits <= bits


def _converted(signal: FileSignal, layout: Layout, progress: Progress) -> Iterator[Block]:
    resampler = Resampler(Layout(signal.rate_hz, layout.channels), layout.rate_hz)
    done = 0
    for block in blocks(signal):
        done += block.shape[1]
        mixed = block.mean(axis=0, keepdims=True) if layout.channels < signal.channels else block
        out = resampler.process(mixed)
        if out.shape[1]:
            yield out
        progress.advance(done / signal.frames)
    rest = resampler.flush()
    if rest.shape[1]:
        yield rest


def _meter(layout: Layout) -> Any:
    from tonewright.measure.meter import Meter

    return Meter(layout)
