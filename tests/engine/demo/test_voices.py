"""No voice aliases, and the blocks they are made of do what they say."""

import itertools

import numpy as np
import pytest

from tonewright.engine.demo import voices
from tonewright.engine.demo.desk import Desk, convolve_into, room
from tonewright.engine.demo.sound import (
    band_edge_hz,
    cycle,
    fast_size,
    filtered,
    harmonics,
    noise,
    partials,
    peak,
    phase_of,
    random,
    resonator,
    trace,
)
from tonewright.engine.demo.theory import Key, close_to, tune

RATE = 44_100


def test_partials_are_damped_sines() -> None:
    frequency, amplitude, decay = (
        np.array([440.0, 1234.5, 30_000.0]),
        np.array([0.5, 0.25, 1.0]),
        np.array([3.0, 20.0, 1.0]),
    )
    t = np.arange(1000) / RATE
    slow = sum(
        a * np.exp(-d * t) * np.sin(2 * np.pi * f * t)
        for f, a, d in zip(frequency[:2], amplitude, decay, strict=False)
    )
    np.testing.assert_allclose(partials(1000, RATE, frequency, amplitude, decay), slow, atol=1e-12)


@pytest.mark.parametrize("frequency_hz", [110.0, 987.0, 3001.0])
def test_a_saw_has_its_harmonics_and_nothing_else(frequency_hz: float) -> None:
    """A plain sampled saw at 3 kHz has aliases at some -25 dB."""
    phase = phase_of(np.full(RATE, frequency_hz), RATE)
    k = harmonics(frequency_hz, RATE)
    spectrum = np.abs(np.fft.rfft(trace(cycle(1.0 / k), phase) * np.blackman(RATE))) ** 2
    bins = np.arange(len(spectrum))
    off = np.min(np.abs(bins[:, None] - frequency_hz * k[None, :]), axis=1) > 4.0
    assert 10.0 * np.log10(spectrum[off].max() / spectrum.max()) < -95.0


@pytest.mark.parametrize("mute", [False, True])
@pytest.mark.parametrize("midi", [40, 64, 88])
def test_distortion_does_not_alias(midi: int, mute: bool) -> None:
    """The polynomial's highest product stays below the band's edge, so nothing is folded back."""
    flat = voices.power_chord(RATE, midi, 0.6, mute, np.ones_like, 1)
    spectrum = np.abs(np.fft.rfft(flat * np.blackman(len(flat)))) ** 2
    above = np.fft.rfftfreq(len(flat), 1.0 / RATE) > 5 * 0.086 * RATE + 60.0
    assert 10.0 * np.log10(spectrum[above].max() / spectrum.max()) < -75.0


def test_voices_are_in_tune_and_level() -> None:
    for take in (
        voices.pluck(RATE, 69, 1.0),
        voices.keys(RATE, 69, 1.0),
        voices.bell(RATE, 69, 1.0),
        voices.synth(RATE, 69, 1.0, 3000.0, 0.3),
        voices.flute(RATE, 69, 1.0),
        voices.sing(RATE, 69, 1.0),
        voices.ensemble(RATE, 69, 1.0, corner_hz=2000.0, attack_s=0.05, release_s=0.1)[0],
    ):
        assert np.max(np.abs(take)) <= 1.0
        spectrum = np.abs(np.fft.rfft(take[RATE // 4 :] * np.hanning(len(take) - RATE // 4)))
        frequency = np.fft.rfftfreq(len(take) - RATE // 4, 1.0 / RATE)
        near = (frequency > 415.0) & (frequency < 466.0)
        assert frequency[near][np.argmax(spectrum[near])] == pytest.approx(440.0, rel=0.006)


def test_noise_follows_its_curve() -> None:
    hiss = noise(RATE, RATE, random("test"), lambda f: ((f > 1000.0) & (f < 2000.0)).astype(float))
    assert np.sqrt(np.mean(hiss**2)) == pytest.approx(1.0)
    power = np.abs(np.fft.rfft(hiss)) ** 2
    assert power[1000:2001].sum() / power.sum() > 0.99


def test_drawn_filters_have_their_gain() -> None:
    click = np.zeros(RATE)
    click[RATE // 2] = 1.0
    for curve in (peak(1000.0, 6.0, 1.0), resonator(1000.0, 6.0, 20.0)):
        response = np.abs(np.fft.rfft(filtered(click, RATE, curve)))
        assert 20.0 * np.log10(response[1000]) == pytest.approx(6.0, abs=0.05)
        assert 20.0 * np.log10(response[8000]) == pytest.approx(0.0, abs=0.05)


def test_fast_sizes_are_smooth_and_tight() -> None:
    for frames in (1, 7, 97, 1009, 44_101, 220_501):
        size = fast_size(frames)
        assert frames <= size <= 1.12 * frames + 1
        for prime in (2, 3, 5):
            while size % prime == 0:
                size //= prime
        assert size == 1


def test_the_room_is_a_convolution() -> None:
    dice = np.random.default_rng(1)
    send, response = dice.standard_normal(300_000).astype(np.float32), dice.standard_normal((2, 700))
    mix = np.zeros((2, 300_000))
    convolve_into(mix, send, response)
    for channel in range(2):
        whole = np.convolve(send.astype(float), response[channel])[:300_000]
        np.testing.assert_allclose(mix[channel], whole, atol=1e-3)


def test_the_room_decays_as_long_as_asked() -> None:
    tail = room(RATE, 1.5, 0.01, 1)
    late = [10.0 * np.log10(np.mean(tail[0, round(t * RATE) : round((t + 0.1) * RATE)] ** 2)) for t in (0.2, 0.7)]
    assert late[0] - late[1] == pytest.approx(60.0 * 0.5 / 1.5, abs=3.0)


def test_the_desk_pans_with_constant_power_and_clips_at_the_ends() -> None:
    take = np.ones(10)
    for pan in (-1.0, -0.3, 0.0, 0.8):
        desk = Desk(100, 1000)
        desk.place(take, 0.02, 0.5, pan)
        assert np.sum(desk.mix[:, 25] ** 2) == pytest.approx(0.5)
    desk = Desk(100, 1000)
    desk.place(take, -0.005, 1.0)
    desk.place(take, 0.095, 1.0)
    desk.place(take, 0.2, 1.0)
    assert np.flatnonzero(desk.mix[0]).tolist() == [0, 1, 2, 3, 4, 95, 96, 97, 98, 99]


def test_tunes_stay_in_key_and_near_their_centre() -> None:
    key = Key(40, "dorian")
    notes = tune(key, (0, 3, 0, 6), 8, 64, np.random.default_rng(5))
    scale = {key.midi(degree) % 12 for degree in range(7)}
    assert {note.midi % 12 for note in notes} <= scale
    assert all(54 < note.midi < 76 for note in notes)
    assert all(one.start + one.length <= two.start for one, two in itertools.pairwise(notes))
    assert notes[-1].start + notes[-1].length <= 32.0


def test_chords_move_little() -> None:
    key = Key(48, "major")
    for degree in range(7):
        assert all(54 <= note < 66 for note in close_to(key.chord(degree), 60))


def test_the_band_edge_leaves_room_below_nyquist() -> None:
    assert band_edge_hz(8000) < 4000.0
    assert band_edge_hz(192_000) == 22_000.0
