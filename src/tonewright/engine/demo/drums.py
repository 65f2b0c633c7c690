"""Drums and cymbals: struck membranes as damped modes, cymbals as many inharmonic ones, wires and shells as noise.

Every function returns (frames,), peak 1. Mode ratios of the ideal round membrane: 1, 1.594, 2.136, 2.296, 2.653,
2.918 (Fletcher & Rossing, The Physics of Musical Instruments, 2nd ed., section 3.2).
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec

import numpy as np

from tonewright.engine.demo.sound import (
    Floats,
    band,
    envelope,
    levelled,
    noise,
    partials,
    random,
    seconds,
)

_Settings = ParamSpec("_Settings")


def _kept(make: Callable[_Settings, Floats]) -> Callable[_Settings, Floats]:
    """Strokes are few and come again in every song: each is made once and kept, not to be written to."""

    @lru_cache(maxsize=24)
    def once(*settings: object, **named: object) -> Floats:
        take = make(*settings, **named)  # type: ignore[arg-type]
        take.setflags(write=False)
        return take

    return wraps(make)(once)  # type: ignore[return-value]


_MEMBRANE = np.array([1.0, 1.594, 2.136, 2.296, 2.653, 2.918])


@_kept
def kick(rate_hz: int, tone_hz: float = 52.0, punch: float = 1.0, length_s: float = 0.45, seed: int = 0) -> Floats:
    """A sine that falls to its tone, a beater's click on top."""
    frames = round(length_s * rate_hz)
    t = seconds(frames, rate_hz)
    fall = tone_hz * (1.0 + 3.2 * punch * np.exp(-t * 38.0) + 0.5 * np.exp(-t * 9.0))
    body = np.sin(2.0 * np.pi * np.cumsum(fall) / rate_hz) * np.exp(-t * 2.6 / length_s)
    click = noise(frames, rate_hz, random("kick", seed), band(1200.0, 5500.0)) * np.exp(-t * 260.0)
    return levelled((body + 0.16 * punch * click) * envelope(frames, rate_hz, 0.0008, 0.06))


@_kept
def snare(rate_hz: int, tone_hz: float = 188.0, wires: float = 1.0, seed: int = 0) -> Floats:
    """A membrane and its wires. Each seed is another stroke."""
    frames = round(0.34 * rate_hz)
    t = seconds(frames, rate_hz)
    dice = random("snare", seed)
    strike = dice.uniform(0.7, 1.3, len(_MEMBRANE)) * np.array([1.0, 0.8, 0.35, 0.3, 0.25, 0.2])
    skin = partials(frames, rate_hz, tone_hz * _MEMBRANE, strike, np.array([19.0, 24.0, 34.0, 38.0, 45.0, 50.0]))
    rattle = noise(frames, rate_hz, dice, lambda f: band(1400.0, 9000.0, 1.0)(f) + 0.3 * band(180.0, 600.0)(f))
    crack = noise(frames, rate_hz, dice, band(1800.0, 7000.0)) * np.exp(-t * 190.0)
    out = 0.62 * levelled(skin) + wires * (0.17 * rattle * np.exp(-t * 17.0) + 0.12 * crack)
    return levelled(out * envelope(frames, rate_hz, 0.0006, 0.05))


@_kept
def tom(rate_hz: int, tone_hz: float, seed: int = 0) -> Floats:
    frames = round(0.6 * rate_hz)
    t = seconds(frames, rate_hz)
    glide = np.cumsum(tone_hz * (1.0 + 0.35 * np.exp(-t * 22.0))) / rate_hz
    body = np.sin(2.0 * np.pi * glide) * np.exp(-t * 7.0)
    skin = partials(frames, rate_hz, tone_hz * _MEMBRANE[1:], np.full(5, 0.12), np.full(5, 16.0))
    stick = noise(frames, rate_hz, random("tom", seed), band(800.0, 5000.0)) * np.exp(-t * 200.0)
    return levelled((body + skin + 0.1 * stick) * envelope(frames, rate_hz, 0.001, 0.1))


@_kept
def timpani(rate_hz: int, tone_hz: float, seed: int = 0) -> Floats:
    """The kettle draws the modes to nearly 1 : 1.5 : 2 : 2.44 (Fletcher & Rossing, section 18.4)."""
    frames = round(1.8 * rate_hz)
    t = seconds(frames, rate_hz)
    ratio = np.array([1.0, 1.504, 1.98, 2.44, 2.9])
    body = partials(frames, rate_hz, tone_hz * ratio, np.array([1.0, 0.7, 0.45, 0.25, 0.15]), 1.8 * ratio**1.2)
    stick = noise(frames, rate_hz, random("timpani", seed), band(100.0, 1400.0)) * np.exp(-t * 60.0)
    return levelled((body + 0.25 * stick) * envelope(frames, rate_hz, 0.002, 0.2))


@_kept
def cymbal(rate_hz: int, length_s: float, low_hz: float, seed: int, attack_s: float = 0.001) -> Floats:
    """Many inharmonic modes under noise; high ones die first. Hat, ride, crash or swell by length and attack."""
    frames = round(length_s * rate_hz)
    t = seconds(frames, rate_hz)
    dice = random("cymbal", seed)
    frequency = low_hz * 2.0 ** dice.uniform(0.0, 5.0, 44)
    strength = dice.uniform(0.3, 1.0, 44) / np.sqrt(frequency / low_hz)
    metal = partials(frames, rate_hz, frequency, strength, (3.0 + 2.0 * dice.random(44)) / length_s)
    shimmer = noise(frames, rate_hz, dice, lambda f: band(5.0 * low_hz, 11_000.0, 1.5)(f))
    fast = np.exp(-t * 9.0 / length_s)
    out = 0.5 * levelled(metal) * np.exp(-t * 2.0 / length_s) + 0.22 * shimmer * (0.6 * fast + 0.4 * fast**0.35)
    return levelled(out * envelope(frames, rate_hz, attack_s, 0.3 * length_s))


@_kept
def hat(rate_hz: int, open_: bool = False, seed: int = 0) -> Floats:
    """A closed or an open hi-hat."""
    frames = round((0.42 if open_ else 0.09) * rate_hz)
    t = seconds(frames, rate_hz)
    dice = random("hat", seed)
    frequency = dice.uniform(3200.0, 12_000.0, 24)
    metal = partials(frames, rate_hz, frequency, dice.uniform(0.3, 1.0, 24), np.full(24, 8.0 if open_ else 55.0))
    hiss = noise(frames, rate_hz, dice, band(6000.0, 13_000.0, 2.0)) * np.exp(-t * (9.0 if open_ else 60.0))
    return levelled((0.35 * levelled(metal) + 0.25 * hiss) * envelope(frames, rate_hz, 0.0008, 0.02))


@_kept
def clap(rate_hz: int, seed: int = 0) -> Floats:
    """Several hands, not quite together."""
    frames = round(0.28 * rate_hz)
    t = seconds(frames, rate_hz)
    dice = random("clap", seed)
    shape = 0.5 * np.exp(-t * 16.0) * (t > 0.03)
    for start in (0.0, 0.011, 0.021, 0.03):
        shape = shape + np.exp(-np.maximum(t - start, 0.0) * 180.0) * (t >= start)
    out = noise(frames, rate_hz, dice, band(900.0, 5200.0, 1.5)) * shape
    return levelled(out * envelope(frames, rate_hz, 0.001, 0.05))


@_kept
def shaker(rate_hz: int, seed: int = 0) -> Floats:
    frames = round(0.11 * rate_hz)
    out = noise(frames, rate_hz, random("shaker", seed), band(4200.0, 10_000.0, 2.0))
    return levelled(out * envelope(frames, rate_hz, 0.04, 0.06))


@_kept
def brush(rate_hz: int, seed: int = 0) -> Floats:
    """A snare swept and tapped with brushes."""
    frames = round(0.2 * rate_hz)
    t = seconds(frames, rate_hz)
    dice = random("brush", seed)
    sweep = noise(frames, rate_hz, dice, band(700.0, 6500.0, 1.0)) * np.exp(-t * 20.0)
    skin = partials(frames, rate_hz, 205.0 * _MEMBRANE, np.full(6, 0.15), np.full(6, 30.0))
    return levelled((sweep + 2.0 * skin) * envelope(frames, rate_hz, 0.004, 0.05))


def riser(rate_hz: int, length_s: float, seed: int = 0) -> Floats:
    """Noise that grows and opens up over its whole length."""
    frames = round(length_s * rate_hz)
    t = seconds(frames, rate_hz) / length_s
    dice = random("riser", seed)
    dark = noise(frames, rate_hz, dice, band(400.0, 1600.0))
    light = noise(frames, rate_hz, dice, band(2500.0, 11_000.0))
    return levelled(((1.0 - t) * dark + t * light) * t**2 * envelope(frames, rate_hz, 0.01, 0.02))
