"""The music generator: what a mix has to be, and the faults it has on purpose."""

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from tonewright.base.errors import Impossible
from tonewright.engine.demo import STYLES, demo_form, demo_song
from tonewright.engine.demo.desk import Desk

RATE = 44_100


def level_db(samples: NDArray[np.float64]) -> float:
    return float(10.0 * np.log10(np.mean(samples**2) + 1e-30))


def bands_db(
    samples: NDArray[np.float64], centres_hz: NDArray[np.float64], rate_hz: int = RATE
) -> NDArray[np.float64]:
    """Third-octave levels of both channels together."""
    power = np.sum(np.abs(np.fft.rfft(samples, axis=1)) ** 2, axis=0)
    frequency = np.fft.rfftfreq(samples.shape[1], 1.0 / rate_hz)
    edges = np.searchsorted(frequency, np.append(centres_hz * 2 ** (-1 / 6), centres_hz[-1] * 2 ** (1 / 6)))
    return 10.0 * np.log10(np.add.reduceat(power, edges)[:-1] + 1e-30)


@lru_cache(maxsize=16)
def eight_seconds(style: str, seed: int = 1, flaws: bool = True) -> NDArray[np.float64]:
    song = demo_song(8.0, seed, style, flaws=flaws)
    song.setflags(write=False)
    return song


THIRDS = 1000.0 * 2.0 ** (np.arange(-12, 13) / 3.0)


@pytest.mark.parametrize("style", STYLES)
def test_the_same_arguments_give_the_same_song(style: str) -> None:
    first = demo_song(2.0, 3, style)
    np.testing.assert_array_equal(first, demo_song(2.0, 3, style))
    assert np.max(np.abs(first - demo_song(2.0, 4, style))) > 0.1


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("rate_hz", [8000, 48_000])
def test_length_peak_and_dc(style: str, rate_hz: int) -> None:
    song = demo_song(5.0, 1, style, rate_hz)
    assert song.shape == (2, 5 * rate_hz)
    assert np.all(np.isfinite(song))
    assert 20.0 * np.log10(np.max(np.abs(song))) == pytest.approx(-6.0, abs=1e-9)
    assert np.max(np.abs(song.mean(axis=1))) < 1e-4  # -80 dBFS: the fades come after
    assert np.max(np.abs(song[:, [0, -1]])) < 1e-3


@pytest.mark.parametrize("style", STYLES)
def test_it_is_unmastered_and_falls_towards_the_highs_as_music_does(style: str) -> None:
    """Pink noise has 0 dB per octave in third-octave bands; music falls by some 2 to 5 dB per octave."""
    song = eight_seconds(style, flaws=False)
    crest_db = -6.0 - level_db(song)
    assert 10.0 < crest_db < 21.0
    bands = bands_db(song, THIRDS)
    slope = np.polyfit(np.log2(THIRDS), bands, 1)[0]
    assert -6.0 < slope < -2.0
    octaves = 10.0 * np.log10(np.convolve(10.0 ** (bands / 10.0), np.ones(3), mode="valid")[::3])
    assert np.max(np.abs(np.diff(octaves))) < 12.0


@pytest.mark.parametrize("style", STYLES)
def test_it_is_stereo_and_survives_mono(style: str) -> None:
    song = eight_seconds(style)
    middle, side = song.mean(axis=0), 0.5 * (song[0] - song[1])
    assert -20.0 < level_db(side) - level_db(middle) < -3.0
    assert abs(level_db(song[0]) - level_db(song[1])) < 1.5


@pytest.mark.parametrize("style", STYLES)
def test_the_highs_end_without_a_cliff(style: str) -> None:
    """A sharp edge is the mark of a lossy codec; the mix must not look like one."""
    song = eight_seconds(style)
    power = np.sum(np.abs(np.fft.rfft(song, axis=1)) ** 2, axis=0)
    level = 10.0 * np.log10(power[: 8 * 21_500].reshape(-1, 8 * 500).mean(axis=1))
    assert np.min(np.diff(level[18:])) > -9.0  # steps of 500 Hz from 9 kHz on


@pytest.mark.parametrize("style", STYLES)
def test_takes_begin_and_end_without_a_step(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A take that starts or stops away from zero is heard as a click."""
    steps = []

    def listen(desk: Desk, take: NDArray[np.float64], *_: float) -> None:
        ends = np.abs(take[..., [0, -1]]).max()
        steps.append(float(ends / np.abs(take).max()))

    monkeypatch.setattr(Desk, "place", listen)
    monkeypatch.setattr(Desk, "add_room", lambda *_: None)
    demo_song(64.0, 1, style)
    assert len(steps) > 100
    assert max(steps) < 0.02


def test_styles_differ_more_than_seeds() -> None:
    shapes = {}
    for style in STYLES:
        for seed in (1, 2):
            bands = bands_db(eight_seconds(style, seed), THIRDS)
            shapes[style, seed] = bands - bands.mean()
    for style in STYLES:
        own = np.std(shapes[style, 1] - shapes[style, 2])
        others = [np.std(shapes[style, 1] - shapes[other, 1]) for other in STYLES if other != style]
        assert own < np.mean(others)


@pytest.mark.parametrize("style", STYLES)
def test_a_whole_song_has_a_form_that_is_heard(style: str) -> None:
    seconds, rate_hz = 75.0, 16_000
    form = demo_form(seconds, 1, style)
    assert [section.kind for section in form.sections[:3]] == ["intro", "verse", "chorus"]
    assert "break" in {section.kind for section in form.sections}
    assert form.sections[0].start_s == 0.0
    assert 60.0 < form.sections[-1].end_s < seconds
    for one, two in zip(form.sections, form.sections[1:], strict=False):
        assert two.start_s == pytest.approx(one.end_s)
    song = demo_song(seconds, 1, style, rate_hz, flaws=False)
    heard: dict[str, list[float]] = {}
    for section in form.sections:
        part = song[:, round(section.start_s * rate_hz) : round(section.end_s * rate_hz)]
        heard.setdefault(section.kind, []).append(level_db(part))
    assert np.mean(heard["chorus"]) > np.mean(heard["verse"]) + 1.0
    assert np.mean(heard["verse"]) > min(heard["intro"][0], heard["break"][0]) + 1.0


@pytest.mark.parametrize("seconds", [5.0, 29.0, 30.0, 45.0, 60.0, 100.0, 240.0, 600.0, 1800.0])
def test_the_form_fits_any_length(seconds: float) -> None:
    form = demo_form(seconds)
    last = form.sections[-1].end_s
    assert last == seconds if seconds < 30.0 else 0.85 * seconds < last < seconds
    assert 1.2 < form.bar_s < 3.0


def test_the_flaws_are_where_they_are_said_to_be() -> None:
    seconds, rate_hz = 64.0, 22_050
    form = demo_form(seconds)
    clean, flawed = (demo_song(seconds, rate_hz=rate_hz, flaws=flaws) for flaws in (False, True))
    verses = [section for section in form.sections if section.kind == "verse"]

    def change_db(low_hz: float, high_hz: float, place: int) -> float:
        start, stop = (round(t * rate_hz) for t in (verses[place].start_s + 0.5, verses[place].end_s - 0.5))
        frequency = np.fft.rfftfreq(stop - start, 1.0 / rate_hz)
        inside = (frequency > low_hz) & (frequency < high_hz)
        powers = [
            np.sum(np.abs(np.fft.rfft(song[:, start:stop], axis=1)[:, inside]) ** 2) for song in (clean, flawed)
        ]
        return float(10.0 * np.log10(powers[1] / powers[0]))

    middle = change_db(300.0, 1200.0, 0)  # the peak is set last, so everything moves a little
    assert change_db(300.0, 1200.0, 1) - middle == pytest.approx(-4.5, abs=0.3)
    assert change_db(80.0, 150.0, 0) - middle > 3.5
    assert change_db(2820.0, 2920.0, 0) - middle > 4.0
    assert abs(change_db(1500.0, 2200.0, 0) - middle) < 1.0
    assert change_db(5600.0, 8800.0, 0) - middle > 1.0


@pytest.mark.parametrize(
    "arguments",
    [
        {"seconds": 5.0, "style": "polka"},
        {"seconds": 0.0},
        {"seconds": float("nan")},
        {"seconds": 1e6},
        {"seconds": 5.0, "rate_hz": 1000},
    ],
)
def test_what_cannot_be_made_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(Impossible):
        demo_song(**arguments)  # type: ignore[arg-type]
