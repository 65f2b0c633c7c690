"""What is read and what is written: the declarations that reading and writing run on, and the table made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tonewright.base.errors import Impossible
from tonewright.base.params import Params
from tonewright.base.paths import shown
from tonewright.base.quantise import Dither
from tonewright.base.signal import MAX_RATE_HZ, MIN_RATE_HZ, Layout

Bits = Literal["16", "24", "32", "32f"]
Quality = Literal["standard", "high", "best"]


class Delivery(Params):
    """How a file is written. The format follows the file's extension."""

    bits: Bits | None = None
    dither: Dither = "tpdf"
    rate_hz: int | None = None
    quality: Quality = "high"
    codec: Literal["auto", "aac", "alac"] = "auto"
    rf64: bool = False
    seed: int = 0


@dataclass(frozen=True)
class InputFormat:
    """name: the container as AudioInfo has it. The extensions are for people; files are told apart by content."""

    name: str
    extensions: tuple[str, ...]
    codecs: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class OutputFormat:
    """One format that is written.

    bits: word lengths it can hold, the default first; none for lossy ones. rates_hz: the rates it can carry, None for
    every whole rate from 8 kHz to 384 kHz that allows() lets pass. qualities: what each quality means, in words.
    """

    name: str
    extensions: tuple[str, ...]
    codec: str
    bits: tuple[Bits, ...]
    rates_hz: tuple[int, ...] | None = None
    allows: Callable[[int], bool] = lambda rate_hz: MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ
    qualities: tuple[tuple[Quality, str], ...] = ()

    @property
    def lossy(self) -> bool:
        return not self.bits

    def carries(self, rate_hz: int) -> bool:
        return rate_hz in self.rates_hz if self.rates_hz else self.allows(rate_hz)

    def nearest_rate_hz(self, rate_hz: int) -> int:
        """The rate to ask for instead: of the same family (44.1 or 48 kHz) if there is one, as high as possible."""
        known = self.rates_hz or (
            8000,
            16000,
            22050,
            32000,
            44100,
            48000,
            88200,
            96000,
            176400,
            192000,
            352800,
            384000,
        )
        fitting = [r for r in known if self.carries(r) and r <= rate_hz] or [min(known)]
        related = [r for r in fitting if rate_hz % r == 0]
        return max(r for r in (related or fitting))


INPUTS = (
    InputFormat("wav", (".wav", ".wave", ".bwf"), ("pcm", "float"), ("u8", "16", "24", "32", "32f", "64f")),
    InputFormat("rf64", (".rf64", ".wav"), ("pcm", "float"), ("u8", "16", "24", "32", "32f", "64f")),
    InputFormat("w64", (".w64",), ("pcm", "float"), ("u8", "16", "24", "32", "32f", "64f")),
    InputFormat("aiff", (".aif", ".aiff"), ("pcm",), ("8", "16", "24", "32")),
    InputFormat("aifc", (".aifc", ".aif"), ("pcm", "float"), ("8", "16", "24", "32", "32f", "64f")),
    InputFormat("caf", (".caf",), ("pcm", "float", "alac", "aac"), ("8", "16", "24", "32", "32f", "64f")),
    InputFormat("flac", (".flac",), ("flac",), ("8", "16", "20", "24", "32")),
    InputFormat("mp4", (".m4a", ".mp4", ".mov"), ("alac", "aac"), ("16", "20", "24", "32")),
    InputFormat("mp3", (".mp3", ".mp2"), ("mp3", "mp2"), ()),
    InputFormat("adts", (".aac",), ("aac",), ()),
    InputFormat("ogg", (".ogg", ".oga", ".opus"), ("vorbis", "opus", "flac"), ()),
    InputFormat("wavpack", (".wv",), ("wavpack",), ("8", "16", "24", "32", "32f")),
)

#: What MPEG-4's table of rates and FFmpeg's encoder have in common with what Tonewright takes.
_AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def _flac_carries(rate_hz: int) -> bool:
    """Up to 65,535 Hz in hertz, above that in tens of hertz (RFC 9639, 9.1.2)."""
    return MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ and (rate_hz <= 65_535 or rate_hz % 10 == 0)


OUTPUTS = (
    OutputFormat("wav", (".wav", ".wave", ".bwf", ".rf64"), "pcm", ("24", "16", "32", "32f")),
    OutputFormat("aiff", (".aiff", ".aif", ".aifc"), "pcm", ("24", "16", "32", "32f")),
    OutputFormat("flac", (".flac",), "flac", ("24", "16"), allows=_flac_carries),
    OutputFormat("alac", (".alac.m4a", ".alac"), "alac", ("24", "16")),
    OutputFormat(
        "aac",
        (".m4a", ".mp4"),
        "aac",
        (),
        _AAC_RATES_HZ,
        qualities=(("standard", "160 kbit/s"), ("high", "256 kbit/s"), ("best", "320 kbit/s")),
    ),
    OutputFormat(
        "mp3",
        (".mp3",),
        "mp3",
        (),
        _MP3_RATES_HZ,
        qualities=(("standard", "V2, about 190 kbit/s"), ("high", "V0, about 245 kbit/s"), ("best", "320 kbit/s")),
    ),
    OutputFormat(
        "vorbis",
        (".ogg", ".oga"),
        "vorbis",
        (),
        allows=lambda rate_hz: MIN_RATE_HZ <= rate_hz <= 192_000,
        qualities=(("standard", "q5"), ("high", "q8"), ("best", "q10")),
    ),
    OutputFormat(
        "opus",
        (".opus",),
        "opus",
        (),
        (48000,),
        qualities=(("standard", "128 kbit/s"), ("high", "192 kbit/s"), ("best", "320 kbit/s")),
    ),
)


def output_format(target: Path, delivery: Delivery) -> OutputFormat:
    """The format that a name and a delivery ask for.

    `.m4a` is AAC, unless ALAC or a word length (which AAC has none of) is asked for. Raises Impossible.
    """
    name = target.name.lower()
    if name.endswith((".aac", ".adts")):
        raise Impossible(f"{shown(target)}: bare AAC can't tell its delay.", "Write .m4a instead.")
    found = next((f for f in (*OUTPUTS[3:4], *OUTPUTS) for e in f.extensions if name.endswith(e)), None)
    if found is None:
        known = ", ".join(extension for f in OUTPUTS for extension in f.extensions[:1])
        suffix = target.suffix or "a name without extension"
        raise Impossible(f"{shown(target)}: {suffix} is no format that is written.", f"Choose one of {known}.")
    by_codec = {f.codec: f for f in OUTPUTS}
    if found.codec == "aac" and (delivery.codec == "alac" or (delivery.codec == "auto" and delivery.bits)):
        return by_codec["alac"]
    if delivery.codec != "auto" and delivery.codec != found.codec:
        raise Impossible(f"{shown(target)} can't hold {delivery.codec.upper()}.", "Write .m4a.")
    return found


def check_delivery(target: Path, delivery: Delivery, layout: Layout) -> OutputFormat:
    """The format, after making sure that it can hold what is asked for. Raises Impossible."""
    found = output_format(target, delivery)
    if delivery.bits and delivery.bits not in found.bits:
        what = f"{', '.join(found.bits)} bits" if found.bits else "no word length: it is lossy"
        raise Impossible(f"{found.name.upper()} can't hold {delivery.bits} bits; it has {what}.", "Choose another.")
    if delivery.rf64 and found.name != "wav":
        raise Impossible(f"{shown(target)} can't be an RF64 file.", "Write .wav.")
    if not found.carries(layout.rate_hz):
        raise Impossible(
            f"{found.name.upper()} can't carry {layout.rate_hz} Hz.",
            f"Ask for another rate: --rate {found.nearest_rate_hz(layout.rate_hz)}.",
        )
    return found


def delivered_bits(found: OutputFormat, delivery: Delivery) -> tuple[int, bool] | None:
    """(bits, float) that a file is written with; None for a lossy format."""
    if found.lossy:
        return None
    bits = delivery.bits or found.bits[0]
    return int(bits.removesuffix("f")), bits.endswith("f")


def formats() -> dict[str, list[dict[str, Any]]]:
    """The table: what is read and what is written, for people and programs."""
    span = f"{MIN_RATE_HZ} to {MAX_RATE_HZ} Hz"
    read = [
        {
            "name": f.name,
            "extensions": list(f.extensions),
            "codecs": list(f.codecs),
            "words": list(f.words),
            "rates": span,
            "channels": [1, 2],
        }
        for f in INPUTS
    ]
    written = [
        {
            "name": f.name,
            "extensions": list(f.extensions),
            "codec": f.codec,
            "words": list(f.bits),
            "rates": ", ".join(map(str, f.rates_hz)) + " Hz" if f.rates_hz else _span(f),
            "qualities": dict(f.qualities),
            "channels": [1, 2],
        }
        for f in OUTPUTS
    ]
    return {"read": read, "written": written}


def _span(found: OutputFormat) -> str:
    known = [rate_hz for rate_hz in (8000, 192_000, 384_000) if found.carries(rate_hz)]
    return f"{min(known)} to {max(known)} Hz"
