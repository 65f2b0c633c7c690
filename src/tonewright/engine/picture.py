"""What a finished master is heard once more for: its spectrum and its stereo field."""

from dataclasses import dataclass
from typing import Any

from tonewright.base.signal import Signal, layout_of
from tonewright.engine.analyze import spectrum_json, stereo_json
from tonewright.engine.render import stream
from tonewright.measure.spectral_pass import SpectralFacts, SpectralPass
from tonewright.measure.spectrum import Spectrum, spectrum
from tonewright.measure.stereo import StereoField, stereo_field


@dataclass(frozen=True, eq=False)
class Picture:
    """stereo is None for mono."""

    spectrum: Spectrum
    stereo: StereoField | None

    def to_json(self) -> dict[str, Any]:
        """As in `analyze --json`."""
        return {"spectrum": spectrum_json(self.spectrum), "stereo": stereo_json(self.stereo)}


def picture(facts: SpectralFacts) -> Picture:
    """The picture that these facts give."""
    return Picture(spectrum(facts), stereo_field(facts))


def picture_of(signal: Signal) -> Picture:
    """Hear a whole signal."""
    heard = SpectralPass(layout_of(signal))
    for block in stream(signal):
        heard.feed(block)
    return picture(heard.result())
