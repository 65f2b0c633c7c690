"""Converting: format, rate and word length, and nothing else."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_array_equal

from tonewright.base.errors import DamagedAudio, Impossible, OutputIsInput
from tonewright.base.files import Delivery, Picture, Tags, open_signal, open_writer
from tonewright.base.files import chunks as ck
from tonewright.base.files.bext import unpack
from tonewright.base.signal import Block, Layout
from tonewright.engine.convert import convert

TAGS = Tags(title="T", artist="A", isrc="USABC2412345", pictures=(Picture(b"\x89PNG picture", "image/png", 3),))


def noise(frames: int, bits: int, channels: int = 2) -> Block:
    rng = np.random.default_rng(bits)
    return rng.integers(-(2 ** (bits - 2)), 2 ** (bits - 2), (channels, frames)) / 2.0 ** (bits - 1)


def file(path: Path, samples: Block, rate_hz: int, bits: str) -> Path:
    """Written without dither, with tags."""
    with open_writer(path, Delivery(bits=bits, dither="none"), Layout(rate_hz, len(samples)), TAGS) as writer:
        writer.write(samples)
        writer.finish()
    return path


def read(path: Path) -> Block:
    with open_signal(path) as signal:
        return signal.read(0, signal.frames)


@pytest.mark.parametrize(
    ("bits", "longer"), [("16", "16"), ("16", "24"), ("24", "24"), ("24", "32"), ("24", "32f")]
)
def test_a_bypass_is_bit_identical(tmp_path: Path, bits: str, longer: str) -> None:
    x = noise(10_000, int(bits))
    source = file(tmp_path / "a.wav", x, 44_100, bits)
    for name in ("b.wav", "b.aiff", "b.flac", "b.alac.m4a"):
        if name in ("b.flac", "b.alac.m4a") and longer.startswith("32"):
            continue
        done = convert(source, tmp_path / name, Delivery(bits=longer, dither="shaped"))
        assert done.untouched
        assert done.clipped == 0
        assert_array_equal(read(tmp_path / name), x)


def test_the_source_s_word_length_is_kept(tmp_path: Path) -> None:
    for bits, name, wanted in (
        ("16", "b.wav", (16, False)),
        ("24", "b.flac", (24, False)),
        ("32f", "b.wav", (32, True)),
        ("32f", "b.flac", (24, False)),
        ("32", "b.wav", (32, False)),
        ("16", "b.alac.m4a", (16, False)),
    ):
        source = file(tmp_path / "a.wav", noise(1_000, 16), 44_100, bits)
        done = convert(source, tmp_path / name)
        assert (done.bits, done.is_float) == wanted


def test_words_shrink_with_dither_once(tmp_path: Path) -> None:
    x = noise(200_000, 24)
    source = file(tmp_path / "a.wav", x, 44_100, "24")
    done = convert(source, tmp_path / "b.wav", Delivery(bits="16"))
    error = (read(tmp_path / "b.wav") - x) * 2.0**15
    assert not done.untouched
    assert np.var(error) == pytest.approx(0.25, rel=0.02)
    convert(tmp_path / "b.wav", tmp_path / "c.wav", Delivery(bits="16"))
    assert_array_equal(read(tmp_path / "c.wav"), read(tmp_path / "b.wav"))


def test_rate_and_downmix(tmp_path: Path) -> None:
    t = np.arange(44_100) / 44_100
    x = np.array([0.5 * np.sin(2 * np.pi * 1_000 * t), 0.25 * np.sin(2 * np.pi * 1_000 * t)])
    source = file(tmp_path / "a.wav", x, 44_100, "24")
    done = convert(source, tmp_path / "b.wav", Delivery(rate_hz=48_000), downmix="mono")
    y = read(tmp_path / "b.wav")
    assert (done.rate_hz, done.channels, done.frames) == (48_000, 1, 48_000)
    wanted = 0.375 * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    assert np.abs(y[0, 2_000:-2_000] - wanted[2_000:-2_000]).max() < 3 * 2.0**-23


def test_tags_and_loudness_go_along(tmp_path: Path) -> None:
    t = np.arange(48_000 * 4) / 48_000
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1_000 * t)
    source = file(tmp_path / "a.flac", np.array([tone, tone]), 48_000, "24")
    for name in ("b.wav", "b.mp3", "b.m4a", "b.ogg", "b.opus", "b.aiff", "b.alac.m4a"):
        done = convert(source, tmp_path / name)
        with open_signal(tmp_path / name) as signal:
            assert replace(signal.tags, bext=None) == TAGS
        json.dumps(done.to_json())
        assert (done.measurements is not None) == (name == "b.wav")
    with (tmp_path / "b.wav").open("rb") as raw:
        found = ck.chunks_of(raw, "wav", (tmp_path / "b.wav").stat().st_size)
        body = ck.body(raw, ck.find(found, b"bext"), 4_096)
    assert struct.unpack_from("<H", body, 346) == (2,)
    loudness = unpack(body)[1]
    assert loudness.integrated_lufs == pytest.approx(-23.0, abs=0.05)
    assert loudness.true_peak_dbtp == pytest.approx(-23.0, abs=0.05)
    assert loudness.short_term_max_lufs == pytest.approx(-23.0, abs=0.05)


def test_rf64_when_asked_for(tmp_path: Path) -> None:
    source = file(tmp_path / "a.wav", noise(1_000, 24), 44_100, "24")
    for name, delivery in (("b.wav", Delivery(rf64=True)), ("b.rf64", Delivery())):
        convert(source, tmp_path / name, delivery)
        assert (tmp_path / name).read_bytes()[:4] == b"RF64"
        assert_array_equal(read(tmp_path / name), read(source))


def test_what_can_not_be_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = file(tmp_path / "a.wav", noise(1_000, 24), 96_000, "24")
    for name, delivery in (("b.mp3", Delivery()), ("b.flac", Delivery(bits="32f")), ("b.xyz", Delivery())):
        with pytest.raises(Impossible):
            convert(source, tmp_path / name, delivery)
    with pytest.raises(OutputIsInput):
        convert(source, source)
    broken = np.zeros((2, 48_000))
    broken[0, 40_000] = np.nan
    soundfile.write(tmp_path / "nan.wav", broken.T, 48_000, subtype="FLOAT")
    with pytest.raises(DamagedAudio):
        convert(tmp_path / "nan.wav", tmp_path / "b.wav")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.wav", "nan.wav"]


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    source = file(tmp_path / "a.wav", noise(20_000, 24), 48_000, "24")
    for extension in ("wav", "flac", "mp3", "ogg", "m4a"):
        for name in ("x", "y"):
            convert(source, tmp_path / f"{name}.{extension}", Delivery(rate_hz=44_100, dither="shaped"))
        assert (tmp_path / f"x.{extension}").read_bytes() == (tmp_path / f"y.{extension}").read_bytes()
