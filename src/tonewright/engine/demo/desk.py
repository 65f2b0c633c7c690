"""The mixing desk: takes are placed in time and in the stereo field, and sent to a room."""

from functools import lru_cache

import numpy as np

from tonewright.engine.demo.sound import Floats, band, fast_size, noise, random


class Desk:
    """mix: (2, frames). send: (frames,), what the room hears; single precision is -140 dB of it."""

    def __init__(self, frames: int, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.mix = np.zeros((2, frames))
        self.send = np.zeros(frames, dtype=np.float32)

    def place(self, take: Floats, at_s: float, gain: float, pan: float = 0.0, send: float = 0.0) -> None:
        """Add a take, (frames,) or (2, frames), at a time. pan -1..1 with constant power; send relative to gain."""
        start = round(at_s * self.rate_hz)
        if start < 0:
            take, start = take[..., -start:], 0
        take = take[..., : max(0, self.mix.shape[1] - start)]
        stop = start + take.shape[-1]
        angle = np.pi / 4.0 * (1.0 + pan)
        left, right = (take[0], take[1]) if take.ndim == 2 else (take, take)
        self.mix[0, start:stop] += (gain * np.sqrt(2.0) * np.cos(angle)) * left
        self.mix[1, start:stop] += (gain * np.sqrt(2.0) * np.sin(angle)) * right
        if send > 0.0:
            heard = 0.5 * (left + right) if take.ndim == 2 else take
            self.send[start:stop] += ((gain * send) * heard).astype(np.float32)

    def add_room(self, decay_s: float, size_s: float, gain: float, seed: int) -> None:
        """Add what the room answers to the send."""
        response = room(self.rate_hz, decay_s, size_s, seed)
        convolve_into(self.mix, self.send, gain * response)


@lru_cache(maxsize=8)
def room(rate_hz: int, decay_s: float, size_s: float, seed: int) -> Floats:
    """A room's answer to an impulse: (2, frames), energy 1 a channel.

    A few early reflections, then noise in four bands whose decay gets shorter towards high frequencies.
    decay_s: time to fall by 60 dB at middle frequencies. size_s: until the first reflection.
    """
    frames = round((1.1 * decay_s + size_s) * rate_hz)
    late = round(2.0 * size_s * rate_hz)
    dice = random("room", seed)
    t = np.arange(frames - late) / rate_hz
    out = np.zeros((2, frames))
    shape = [
        (170.0, 450.0, 1.0, 0.5),
        (450.0, 1600.0, 1.0, 0.7),
        (1600.0, 5000.0, 0.8, 0.5),
        (5000.0, 9000.0, 0.45, 0.25),
    ]
    for channel in range(2):
        for low, high, length, level in shape:
            tail = noise(frames - late, rate_hz, dice, band(low, high, 1.5))
            out[channel, late:] += level * tail * np.exp(-6.91 * t / (length * decay_s))
        for _ in range(9):
            at = round(size_s * (1.0 + 2.0 * dice.random()) * rate_hz)
            out[channel, at] += dice.choice((-1.0, 1.0)) * 9.0 * dice.uniform(0.3, 1.0) * np.sqrt(rate_hz / 44_100)
    out /= np.sqrt(np.sum(out**2, axis=1, keepdims=True))
    out.setflags(write=False)
    return out


def convolve_into(mix: Floats, send: np.ndarray[tuple[int], np.dtype[np.float32]], response: Floats) -> None:
    """mix (2, frames) += send (frames,) * response (2, taps), by overlap-add."""
    from scipy import fft  # slow to import

    taps = response.shape[1]
    frames = mix.shape[1]
    size = fast_size(min(frames, max(3 * taps, 1 << 17)) + taps)
    step = size - taps
    spectrum = fft.rfft(response.astype(np.float32), size)
    for start in range(0, frames, step):
        block = fft.rfft(send[start : start + step], size)
        wet = fft.irfft(block[None, :] * spectrum, size)
        stop = min(frames, start + size)
        mix[:, start:stop] += wet[:, : stop - start]
