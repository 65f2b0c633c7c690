import numpy as np
import pytest

from tonewright.dsp.fir_bank import FirBank, magnitude


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_each_filter_has_its_magnitude_and_no_phase_but_the_delay(rate_hz: int, channels: int) -> None:
    bank = FirBank(channels, rate_hz, 100.0, 32, 32)
    corners = (100.0, 900.0, 6_000.0)
    bank.set_responses([magnitude(corner, bank.frequencies_hz) for corner in corners])
    assert bank.delay_frames % 32 == 0
    assert bank.hop_frames % 32 == 0
    hops = 1 + 3 * bank.delay_frames // bank.hop_frames + 1
    impulse = np.zeros((channels, hops * bank.hop_frames))
    impulse[:, bank.delay_frames] = 1.0
    outs, delayed = [], []
    for start in range(0, impulse.shape[1], bank.hop_frames):
        out = np.empty((3, channels, bank.hop_frames))
        bank.filter(impulse[:, start : start + bank.hop_frames], out)
        outs.append(out)
        delayed.append(bank.delayed().copy())
    assert np.argmax(np.concatenate(delayed, axis=1)[0]) == 2 * bank.delay_frames
    whole = np.concatenate(outs, axis=2)
    hz = np.fft.rfftfreq(whole.shape[2], 1 / rate_hz)
    turned = np.exp(2j * np.pi * hz / rate_hz * 2 * bank.delay_frames)
    for corner, filtered in zip(corners, whole, strict=True):
        # a corner near half the rate leaves a bend there, which no finite length follows to the last digit
        near = 1e-5 if corner < 0.1 * rate_hz else 1e-3
        for channel in filtered:
            np.testing.assert_allclose(np.fft.rfft(channel) * turned, magnitude(corner, hz), atol=near)


def test_the_slope_is_24_db_per_octave_and_the_corner_at_minus_6() -> None:
    low = 20 * np.log10(magnitude(100.0, np.array([100.0, 800.0, 1_600.0])))
    assert low[0] == pytest.approx(-6.02, abs=0.01)
    assert low[1] - low[2] == pytest.approx(24.08, abs=0.01)
    assert not magnitude(0.0, np.array([0.0, 10.0])).any()
