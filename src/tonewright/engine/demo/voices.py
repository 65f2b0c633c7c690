"""Pitched voices: strings plucked, struck and bowed, synthesisers, a singer. Each returns (frames,), peak 1."""

import numpy as np

from tonewright.engine.demo.sound import (
    Curve,
    Floats,
    band,
    cycle,
    envelope,
    filtered,
    harmonics,
    levelled,
    noise,
    partials,
    phase_of,
    pitch_hz,
    random,
    seconds,
    trace,
    wavering,
)


def pluck(
    rate_hz: int, midi: float, length_s: float, bright: float = 0.5, ring_s: float = 2.0, seed: int = 0
) -> Floats:
    """A string plucked near its bridge. bright 0..1; ring_s: how long the fundamental takes to fall by 30 dB."""
    frequency = pitch_hz(midi)
    k = harmonics(frequency, rate_hz)[:60]
    dice = random("pluck", seed, round(midi * 10))
    position = dice.uniform(0.12, 0.2)
    amplitude = np.abs(np.sin(np.pi * k * position)) / k ** (1.9 - 0.9 * bright)
    stiff = k * np.sqrt(1.0 + 0.00012 * k * k)
    decay = 3.45 / ring_s * (1.0 + 0.07 * (1.4 - bright) * k**1.5)
    frames = round(length_s * rate_hz)
    out = partials(frames, rate_hz, frequency * stiff * (1.0 + 0.0004 * dice.standard_normal()), amplitude, decay)
    return levelled(out * envelope(frames, rate_hz, 0.0015, 0.04))


def keys(rate_hz: int, midi: float, length_s: float, bright: float = 0.5) -> Floats:
    """A piano: two slightly different strings to a note, hammer noise, high notes shorter."""
    frequency = pitch_hz(midi)
    k = harmonics(frequency, rate_hz)[:36]
    stiff = k * np.sqrt(1.0 + 0.0004 * k * k)
    amplitude = np.exp(-k * frequency / (900.0 + 2600.0 * bright)) * (0.4 + 0.6 * np.abs(np.sin(np.pi * k / 8.0)))
    decay = (0.9 + frequency / 260.0) * (1.0 + 0.12 * k)
    frames = round(length_s * rate_hz)
    pair = np.concatenate([frequency * stiff * 0.9997, frequency * stiff * 1.0003])
    out = partials(frames, rate_hz, pair, np.tile(amplitude, 2), np.tile(decay, 2))
    knock = noise(frames, rate_hz, random("keys", round(midi)), band(150.0, 1500.0))
    knock *= np.exp(-seconds(frames, rate_hz) * 90.0)
    return levelled((levelled(out) + 0.04 * knock) * envelope(frames, rate_hz, 0.002, 0.09))


def bell(rate_hz: int, midi: float, length_s: float) -> Floats:
    """A tine with its bar's overtones, as electric pianos and FM bells have."""
    frequency = pitch_hz(midi)
    ratio = np.array([1.0, 2.0, 3.01, 4.0, 7.04, 10.1, 14.1])
    amplitude = np.array([1.0, 0.28, 0.1, 0.14, 0.16, 0.06, 0.05])
    decay = np.array([1.6, 2.6, 3.5, 4.0, 11.0, 16.0, 22.0])
    frames = round(length_s * rate_hz)
    out = partials(frames, rate_hz, frequency * ratio, amplitude, decay)
    return levelled(out * envelope(frames, rate_hz, 0.002, 0.08))


def saw(frequency_hz: float, rate_hz: int, corner_hz: float) -> Floats:
    """One cycle of a saw through a two-pole low-pass."""
    k = harmonics(frequency_hz, rate_hz)
    return cycle(1.0 / k / (1.0 + (k * frequency_hz / corner_hz) ** 2))


def synth(rate_hz: int, midi: float, length_s: float, corner_hz: float, sweep_s: float, sub: float = 0.0) -> Floats:
    """A saw whose filter opens with the stroke and closes within sweep_s; sub adds a sine an octave below."""
    frames = round(length_s * rate_hz)
    frequency = pitch_hz(midi)
    phase = phase_of(np.full(frames, frequency), rate_hz)
    close = np.exp(-seconds(frames, rate_hz) / sweep_s)
    bright = trace(saw(frequency, rate_hz, corner_hz), phase)
    dull = trace(saw(frequency, rate_hz, corner_hz / 6.0), phase)
    out = dull + close * (bright - dull) + sub * np.sin(np.pi * phase)
    return levelled(out * envelope(frames, rate_hz, 0.003, 0.03))


def ensemble(
    rate_hz: int,
    midi: float,
    length_s: float,
    *,
    corner_hz: float,
    attack_s: float,
    release_s: float,
    players: int = 4,
    cents: float = 7.0,
    vibrato_cents: float = 0.0,
    swell: float = 0.0,
    seed: int = 0,
) -> Floats:
    """Several saws a few cents apart, spread over the stereo field: strings, brass or a pad. (2, frames)."""
    frames = round(length_s * rate_hz)
    frequency = pitch_hz(midi)
    table = saw(frequency, rate_hz, corner_hz)
    dice = random("ensemble", seed, round(midi))
    t = seconds(frames, rate_hz)
    out = np.zeros((2, frames))
    for player in range(players):
        detune = cents * (2.0 * (player + 0.5) / players - 1.0) + dice.normal(0.0, 1.0)
        tone = frequency * 2.0 ** (detune / 1200.0)
        phase = wavering(frames, rate_hz, tone, vibrato_cents, dice.uniform(4.8, 5.8), dice)
        angle = np.pi / 4.0 * (1.0 + 0.8 * (2.0 * ((player * 5) % players + 0.5) / players - 1.0))
        voice = trace(table, phase)
        out[0] += np.cos(angle) * voice
        out[1] += np.sin(angle) * voice
    shape = envelope(frames, rate_hz, attack_s, release_s) * (1.0 - swell + swell * np.sin(np.pi * t / length_s))
    return levelled(out * shape)


def flute(rate_hz: int, midi: float, length_s: float, seed: int = 0) -> Floats:
    """A few harmonics with vibrato, and breath."""
    frames = round(length_s * rate_hz)
    frequency = pitch_hz(midi)
    t = seconds(frames, rate_hz)
    k = harmonics(frequency, rate_hz)[:6]
    table = cycle(np.array([1.0, 0.35, 0.16, 0.06, 0.03, 0.015])[: len(k)])
    moving = frequency * np.exp2(14.0 / 1200.0 * np.sin(2.0 * np.pi * 5.1 * t) * np.minimum(t / 0.4, 1.0))
    breath = noise(frames, rate_hz, random("flute", seed), band(0.8 * frequency, 6.0 * frequency))
    out = trace(table, phase_of(moving, rate_hz)) * (1.0 + 0.06 * np.sin(2.0 * np.pi * 5.1 * t)) + 0.03 * breath
    return levelled(out * envelope(frames, rate_hz, 0.05, 0.08))


#: Formants (Hz) of vowels: the first three as men speak them (Peterson & Barney, JASA 24(2), 1952), two above.
_VOWELS = {
    "a": (730.0, 1090.0, 2440.0, 3300.0, 4600.0),
    "e": (530.0, 1840.0, 2480.0, 3400.0, 4700.0),
    "i": (300.0, 2290.0, 3010.0, 3700.0, 4900.0),
    "o": (570.0, 840.0, 2410.0, 3200.0, 4500.0),
}


def sing(rate_hz: int, midi: float, length_s: float, vowels: str = "ao", seed: int = 0) -> Floats:
    """A sung note that glides from one vowel to another, scooped from below, with late vibrato."""
    frames = round(length_s * rate_hz)
    frequency = pitch_hz(midi)
    t = seconds(frames, rate_hz)
    dice = random("sing", seed, round(midi))
    cents = -70.0 * np.exp(-t / 0.045) + 24.0 * np.clip((t - 0.25) / 0.3, 0.0, 1.0) * np.sin(2.0 * np.pi * 5.4 * t)
    phase = phase_of(frequency * np.exp2(cents / 1200.0), rate_hz)
    glide = np.clip(t / max(0.2, 0.7 * length_s), 0.0, 1.0)
    first = trace(_throat(frequency, rate_hz, vowels[0]), phase)
    last = trace(_throat(frequency, rate_hz, vowels[-1]), phase)
    air = noise(frames, rate_hz, dice, band(2500.0, 9000.0, 1.0))
    shape = envelope(frames, rate_hz, 0.035, 0.07)
    return levelled((first + glide * (last - first) + 0.012 * air) * shape)


def _throat(frequency_hz: float, rate_hz: int, vowel: str) -> Floats:
    k = harmonics(frequency_hz, rate_hz)
    f = k * frequency_hz
    gain = np.full(len(k), 0.05)
    for formant, strength in zip(_VOWELS[vowel], (1.0, 0.5, 0.26, 0.2, 0.13), strict=True):
        gain += strength / (1.0 + ((f - formant) / (60.0 + 0.06 * formant)) ** 2)
    table = cycle(gain / k**0.7)
    return levelled(table)


def sibilant(rate_hz: int, seed: int = 0) -> Floats:
    """The s of a word: noise around 7 kHz, a tenth of a second."""
    frames = round(0.11 * rate_hz)
    out = noise(frames, rate_hz, random("s", seed), band(5600.0, 8800.0, 3.0))
    return levelled(out * envelope(frames, rate_hz, 0.03, 0.04))


def power_chord(rate_hz: int, midi: float, length_s: float, mute: bool, cabinet: Curve, seed: int) -> Floats:
    """Root, fifth and octave through an overdriven amplifier and a cabinet.

    The curve (15x - 10x^3 + 3x^5) / 8 saturates at +-1 and multiplies bandwidth by five, so strings that end below
    0.086 of the rate leave it below the band's edge: distortion without aliasing.
    """
    frames = round(length_s * rate_hz)
    dice = random("guitar", seed, round(midi))
    frequency = np.concatenate([pitch_hz(midi + step) * np.arange(1.0, 25.0) for step in (0, 7, 12)])
    frequency *= 1.0 + 0.0006 * dice.standard_normal(len(frequency))
    keep = frequency < 0.086 * rate_hz
    order = np.tile(np.arange(1.0, 25.0), 3)
    decay = (14.0 if mute else 0.9) * (1.0 + 0.05 * order)
    amplitude = np.abs(np.sin(np.pi * order * dice.uniform(0.1, 0.16))) / order**0.8
    strings = levelled(partials(frames, rate_hz, frequency[keep], amplitude[keep], decay[keep]))
    if not mute:  # the amplifier holds the level while the strings fade
        strings = levelled(strings * np.exp(0.8 * np.minimum(seconds(frames, rate_hz), 2.5)))
    driven = (15.0 * strings - 10.0 * strings**3 + 3.0 * strings**5) / 8.0
    shape = envelope(frames, rate_hz, 0.002, 0.03)
    return levelled(filtered(driven, rate_hz, cabinet) * shape)
