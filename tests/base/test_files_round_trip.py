"""What is written in a format is what is read from it; and what other programs write is read."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_files import TAGS, sndfile_bytes, song, write
from numpy.testing import assert_array_equal

from tonewright.base.errors import Impossible
from tonewright.base.files import Delivery, formats, open_signal
from tonewright.base.files.formats import OUTPUTS, output_format
from tonewright.base.signal import Block

LOSSLESS = [(f.name, f.extensions[0], bits) for f in OUTPUTS for bits in f.bits]
LOSSY = [(f.name, f.extensions[0]) for f in OUTPUTS if f.lossy]


def lag_frames(heard: Block, meant: Block) -> int:
    """By how much `heard` comes later than `meant`, by their cross-correlation."""
    size = 1 << (heard.shape[1] + meant.shape[1]).bit_length()
    product = np.fft.rfft(heard[0], size) * np.conj(np.fft.rfft(meant[0], size))
    lag = int(np.argmax(np.fft.irfft(product, size)))
    return lag - size if lag > size // 2 else lag


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000, 384_000])
@pytest.mark.parametrize(("name", "extension", "bits"), LOSSLESS)
def test_lossless_formats_give_back_every_word(
    tmp_path: Path, name: str, extension: str, bits: str, rate_hz: int
) -> None:
    for channels in (1, 2):
        x = song(rate_hz, channels, 9_001)
        x[:, :4] = [1.0, -1.0, 0.0, 2.0]  # full scale, and beyond it
        path = tmp_path / f"song{extension}"
        stored = write(path, x, rate_hz, bits=bits, dither="none")
        with open_signal(path) as signal:
            assert_array_equal(signal.read(0, signal.frames), stored)
            assert (signal.rate_hz, signal.channels) == (rate_hz, channels)
            assert signal.info.bits == int(bits.removesuffix("f"))
            assert signal.info.is_float == bits.endswith("f")
            assert not signal.info.lossy
        step = 2.0 ** (1 - int(bits.removesuffix("f")))
        if bits.endswith("f"):
            assert_array_equal(stored, x.astype(np.float32))
        else:
            assert np.abs(stored - np.clip(x, -1.0, 1.0 - step)).max() <= step / 2


@pytest.mark.parametrize(("name", "extension"), LOSSY)
def test_lossy_formats_keep_length_and_place(tmp_path: Path, name: str, extension: str) -> None:
    rates = {"opus": [48_000], "mp3": [8_000, 11_025, 24_000, 44_100]}.get(name, [8_000, 44_100, 96_000])
    for rate_hz in rates:
        for channels, frames in ((2, rate_hz // 2 + 37), (1, rate_hz + 500)):
            x = song(rate_hz, channels, frames)
            path = tmp_path / f"song{extension}"
            write(path, x, rate_hz)
            with open_signal(path) as signal:
                y = signal.read(0, signal.frames)
                assert signal.info.lossy
                assert signal.info.codec == name
            assert y.shape == x.shape
            assert lag_frames(y, x) == 0
            error_db = 10 * np.log10(np.mean((y - x) ** 2) / np.mean(x**2))
            assert error_db < -15.0, (rate_hz, channels)


@pytest.mark.parametrize(("name", "extension"), LOSSY)
def test_a_better_quality_is_a_larger_file_of_the_size_told(tmp_path: Path, name: str, extension: str) -> None:
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (2, 48_000))
    sizes = []
    for quality, told in next(f for f in OUTPUTS if f.name == name).qualities:
        path = tmp_path / f"song{extension}"
        write(path, noise, 48_000, quality=quality)
        sizes.append(path.stat().st_size)
        for number in (int(word) for word in told.split() if word.isdigit()):
            # noise is the hardest signal there is: a variable rate goes to its top
            assert number * 0.8 < sizes[-1] * 8 / 1000 < number * 1.5
    assert sizes == sorted(set(sizes))


def test_the_same_audio_gives_the_same_bytes(tmp_path: Path) -> None:
    x = song(48_000, 2, 20_000)
    for output in OUTPUTS:
        both = []
        for name in ("a", "b"):
            path = tmp_path / f"{name}{output.extensions[0]}"
            write(path, x, 48_000, TAGS)
            both.append(path.read_bytes())
        assert both[0] == both[1], output.name


WAVE_FORMATS = [
    ("WAV", "PCM_U8", 8), ("WAV", "PCM_16", 16), ("WAV", "PCM_24", 24), ("WAV", "PCM_32", 32), ("WAV", "FLOAT", 32),
    ("WAV", "DOUBLE", 64), ("WAVEX", "PCM_16", 16), ("WAVEX", "PCM_24", 24), ("WAVEX", "FLOAT", 32),
    ("RF64", "PCM_16", 16), ("RF64", "PCM_24", 24), ("RF64", "FLOAT", 32), ("W64", "PCM_U8", 8), ("W64", "PCM_16", 16),
    ("W64", "PCM_24", 24), ("W64", "PCM_32", 32), ("W64", "FLOAT", 32), ("W64", "DOUBLE", 64), ("AIFF", "PCM_S8", 8),
    ("AIFF", "PCM_16", 16), ("AIFF", "PCM_24", 24), ("AIFF", "PCM_32", 32), ("AIFF", "FLOAT", 32),
    ("AIFF", "DOUBLE", 64), ("CAF", "PCM_16", 16), ("CAF", "PCM_24", 24), ("CAF", "PCM_32", 32), ("CAF", "FLOAT", 32),
    ("CAF", "DOUBLE", 64), ("FLAC", "PCM_S8", 8), ("FLAC", "PCM_16", 16), ("FLAC", "PCM_24", 24),
]  # fmt: skip


@pytest.mark.parametrize(("container", "subtype", "bits"), WAVE_FORMATS)
def test_what_libsndfile_writes_is_read_exactly(tmp_path: Path, container: str, subtype: str, bits: int) -> None:
    is_float = subtype in ("FLOAT", "DOUBLE")
    rng = np.random.default_rng(bits)
    if subtype == "DOUBLE":
        x = rng.uniform(-1, 1, (2, 3_001))
    elif subtype == "FLOAT":
        x = rng.uniform(-1, 1, (2, 3_001)).astype(np.float32).astype(np.float64)
    else:
        x = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (2, 3_001)) / 2.0 ** (bits - 1)
    path = tmp_path / "other"
    path.write_bytes(sndfile_bytes(x, 44_100, container, subtype))
    with open_signal(path) as signal:
        assert_array_equal(signal.read(0, 3_001), x)
        assert (signal.frames, signal.info.bits, signal.info.is_float) == (3_001, bits, is_float)


def test_what_other_lossy_files_there_are_is_read(tmp_path: Path) -> None:
    x = song(48_000, 2, 48_000)
    for container, subtype, codec in (
        ("OGG", "VORBIS", "vorbis"),
        ("OGG", "OPUS", "opus"),
        ("MP3", "MPEG_LAYER_III", "mp3"),
        ("WAV", "ULAW", "mulaw"),
        ("CAF", "ALAC_24", "alac"),
    ):
        path = tmp_path / "other"
        path.write_bytes(sndfile_bytes(x, 48_000, container, subtype))
        with open_signal(path) as signal:
            y = signal.read(0, signal.frames)
            assert signal.info.codec == codec
        # libsndfile's CAF loses the last packet of ALAC when it writes
        assert y.shape == x.shape or codec == "alac"
        n = y.shape[1]
        assert np.mean((y - x[:, :n]) ** 2) < 0.03 * np.mean(x**2)  # libsndfile's Opus comes one frame late


@pytest.mark.parametrize(
    ("codec", "muxer", "bits"),
    [("flac", "flac", 32), ("flac", "flac", 24), ("wavpack", "wv", 32), ("wavpack", "wv", 24)],
)
def test_long_words_by_ffmpeg_are_read_exactly(tmp_path: Path, codec: str, muxer: str, bits: int) -> None:
    import av

    words = np.random.default_rng(bits).integers(-(2**31), 2**31, (2, 20_000)).astype(np.int32) >> (32 - bits)
    path = tmp_path / "other"
    with av.open(str(path), "w", format=muxer) as container:
        options = {"bits_per_raw_sample": str(bits), "strict": "experimental"}
        kind = "s32" if codec == "flac" else "s32p"
        stream: Any = container.add_stream(codec, rate=44_100, layout="stereo", format=kind, options=options)
        raw: Any = words << (32 - bits)
        if kind == "s32":
            raw = raw.T.reshape(1, -1)
        for at in range(0, raw.shape[1], 4096 * len(words) // len(raw)):
            piece: Any = np.ascontiguousarray(raw[:, at : at + 4096 * len(words) // len(raw)])
            frame = av.AudioFrame.from_ndarray(piece, format=kind, layout="stereo")
            frame.sample_rate, frame.pts = 44_100, at * len(raw) // 2
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with open_signal(path) as signal:
        assert_array_equal(signal.read(0, signal.frames), words / 2.0 ** (bits - 1))
        if codec == "flac":
            assert signal.info.bits == bits


def test_wavpack_and_adts_are_read(tmp_path: Path) -> None:
    """PyAV can write them; the project does not."""
    import av

    x = song(44_100, 2, 30_000)
    words = np.round(x * 2.0**15).astype(np.int16)
    for name, codec, muxer, kind, samples in (
        ("song.wv", "wavpack", "wv", "s16p", words),
        ("song.aac", "aac", "adts", "fltp", x.astype(np.float32)),
    ):
        path = tmp_path / name
        with av.open(str(path), "w", format=muxer) as container:
            stream: Any = container.add_stream(codec, rate=44_100, layout="stereo", format=kind)
            stream.codec_context.open()
            size = stream.codec_context.frame_size or 4096
            for at in range(0, x.shape[1], size):
                piece: Any = np.ascontiguousarray(samples[:, at : at + size])
                frame = av.AudioFrame.from_ndarray(piece, format=kind, layout="stereo")
                frame.sample_rate, frame.pts = 44_100, at
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        with open_signal(path) as signal:
            y = signal.read(0, signal.frames)
            if codec == "wavpack":
                assert_array_equal(y, words / 2.0**15)
                assert signal.info.bits == 16
            else:
                assert (signal.info.container, signal.info.codec) == ("adts", "aac")
                assert 0 <= y.shape[1] - x.shape[1] < 3 * 1024  # ADTS can't tell the delay: documented


def test_rates_that_a_codec_can_not_carry_say_what_to_ask_for(tmp_path: Path) -> None:
    for name, rate_hz, instead in (
        ("a.mp3", 96_000, 48_000),
        ("a.mp3", 88_200, 44_100),
        ("a.opus", 44_100, 48_000),
        ("a.m4a", 192_000, 96_000),
        ("a.ogg", 384_000, 192_000),
        ("a.flac", 65_537, 48_000),
    ):
        with pytest.raises(Impossible, match=f"--rate {instead}"):
            write(tmp_path / name, np.zeros((2, 10)), rate_hz)
    assert list(tmp_path.iterdir()) == []


def test_word_lengths_and_names_that_can_not_be(tmp_path: Path) -> None:
    for name, how in (
        ("a.flac", {"bits": "32f"}),
        ("a.mp3", {"bits": "24"}),
        ("a.flac", {"rf64": True}),
        ("a.wav", {"codec": "alac"}),
        ("a.aac", {}),
        ("a.xyz", {}),
        ("a", {}),
    ):
        with pytest.raises(Impossible):
            write(tmp_path / name, np.zeros((2, 10)), 44_100, **how)


def test_m4a_is_aac_unless_words_are_asked_for() -> None:
    assert output_format(Path("a.m4a"), Delivery()).name == "aac"
    assert output_format(Path("a.m4a"), Delivery(bits="16")).name == "alac"
    assert output_format(Path("a.m4a"), Delivery(codec="alac")).name == "alac"
    assert output_format(Path("a.alac.m4a"), Delivery()).name == "alac"


def test_the_table_of_formats_is_the_declarations() -> None:
    table = formats()
    assert {row["name"] for row in table["written"]} == {f.name for f in OUTPUTS}
    assert all(row["extensions"] and row["rates"] for row in table["read"] + table["written"])


def test_libsndfile_reads_what_is_written(tmp_path: Path) -> None:
    """A second opinion on the headers made by hand."""
    x = song(48_000, 2, 7_001)
    for name, bits in (("a.wav", "16"), ("a.wav", "24"), ("a.wav", "32f"), ("a.aiff", "24"), ("a.aiff", "32f")):
        for rf64 in (False, True) if name == "a.wav" else (False,):
            stored = write(tmp_path / name, x, 48_000, TAGS, bits=bits, rf64=rf64)
            y, rate_hz = soundfile.read(tmp_path / name)
            assert rate_hz == 48_000
            assert_array_equal(y.T, stored)
            assert soundfile.info(tmp_path / name).format == (
                "RF64" if rf64 else {"a.wav": "WAV"}.get(name, "AIFF")
            )
