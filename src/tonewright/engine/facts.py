"""Everything measured of one song, gathered in one reading: what findings are made from."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import Queue
from typing import Protocol

from tonewright.base.files.info import AudioInfo
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import BLOCK_FRAMES, Block, Signal, blocks, layout_of
from tonewright.measure.clicks import Click, find_clicks
from tonewright.measure.dynamics import BandDynamics, DynamicsPass, Envelopes, band_dynamics
from tonewright.measure.ends import Ends, ends
from tonewright.measure.mains import Lines, LinesPass
from tonewright.measure.meter import Measurements, Meter
from tonewright.measure.noise import Noise, noise
from tonewright.measure.sections import Section, sections
from tonewright.measure.spectral_pass import SpectralFacts, SpectralPass
from tonewright.measure.spectrum import Spectrum, spectrum
from tonewright.measure.stereo import StereoField, stereo_field
from tonewright.measure.waveform import WaveformFacts, WaveformPass


@dataclass(frozen=True)
class Facts:
    """info is None for a signal that is no file."""

    info: AudioInfo | None
    rate_hz: int
    channels: int
    frames: int
    measurements: Measurements
    spectral: SpectralFacts
    envelopes: Envelopes
    waveform: WaveformFacts
    lines: Lines
    spectrum: Spectrum
    stereo: StereoField | None
    dynamics: BandDynamics
    sections: list[Section]
    noise: Noise
    edges: Ends
    clicks: list[Click]

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz


class _Listener(Protocol):
    def feed(self, block: Block) -> None: ...


def _feed(listeners: tuple[_Listener, ...], block: Block) -> None:
    for listener in listeners:
        listener.feed(block)


def gather(signal: Signal, info: AudioInfo | None = None, progress: Progress | None = None) -> Facts:
    """Read the signal once, in two threads of about equal weight, and look again at what was suspicious."""
    progress = progress or NoProgress()
    layout = layout_of(signal)
    meter = Meter(layout)
    spectral, envelopes, waveform, lines = (
        SpectralPass(layout),
        DynamicsPass(layout),
        WaveformPass(layout),
        LinesPass(layout),
    )

    _read_once(signal, [partial(_feed, (meter, waveform, lines)), partial(_feed, (spectral, envelopes))], progress)
    # each is let go as soon as it has told what it gathered, so that not everything is held twice at once
    measurements = meter.result()
    del meter
    spectral_facts = spectral.result()
    del spectral
    envelope_facts = envelopes.result()
    del envelopes
    waveform_facts = waveform.result()
    del waveform
    return Facts(
        info=info,
        rate_hz=signal.rate_hz,
        channels=signal.channels,
        frames=signal.frames,
        measurements=measurements,
        spectral=spectral_facts,
        envelopes=envelope_facts,
        waveform=waveform_facts,
        lines=lines.result(),
        spectrum=spectrum(spectral_facts),
        stereo=stereo_field(spectral_facts),
        dynamics=band_dynamics(envelope_facts),
        sections=sections(spectral_facts),
        noise=noise(spectral_facts),
        edges=ends(signal, waveform_facts.energy, waveform_facts.chunk_s),
        clicks=find_clicks(signal, waveform_facts.steps),
    )


def _read_once(signal: Signal, listeners: list[Callable[[Block], None]], progress: Progress) -> None:
    """Hand each block to all listeners, each in its own thread; at most a few blocks wait for a slow one."""
    failures: list[BaseException] = []
    queues: list[Queue[Block | None]] = [Queue(maxsize=8) for _ in listeners]

    def work(queue: "Queue[Block | None]", listener: Callable[[Block], None]) -> None:
        while (block := queue.get()) is not None:
            if failures:
                continue  # keep emptying, so that the reader never waits
            try:
                listener(block)
            except BaseException as error:
                failures.append(error)

    threads = [
        threading.Thread(target=work, args=pair, daemon=True) for pair in zip(queues, listeners, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        done = 0
        for block in blocks(signal, frames=BLOCK_FRAMES):
            for queue in queues:
                queue.put(block)
            done += block.shape[1]
            progress.advance(done / max(1, signal.frames))
            if failures:
                break
    finally:
        for queue in queues:
            queue.put(None)
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
