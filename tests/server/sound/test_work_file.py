"""The work file: the source's very samples, and all that was heard."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sound_jobs import carried_out
from tonewright.base.errors import InputUnreadable
from tonewright.base.files import open_signal
from tonewright.engine.analyze import analysis_of, analyze
from tonewright.engine.facts import gather
from tonewright.server.sound.typed import Arrays, unpack
from tonewright.server.sound.work_file import Origin, WorkFile, WorkWriter

RATE = 8_000
NOISE = np.clip(np.random.default_rng(1).normal(0.0, 0.2, (2, 3 * RATE)), -0.99, 0.99)


@pytest.mark.parametrize(
    ("form", "subtype", "dtype"),
    [
        ("WAV", "PCM_U8", "<i2"),
        ("WAV", "PCM_16", "<i2"),
        ("FLAC", "PCM_24", "<f4"),
        ("AIFF", "PCM_32", "<f8"),
        ("WAV", "FLOAT", "<f4"),
        ("WAV", "DOUBLE", "<f8"),
        ("OGG", "VORBIS", "<f4"),
    ],
)
def test_it_holds_the_sources_very_samples(tmp_path: Path, form: str, subtype: str, dtype: str) -> None:
    source = tmp_path / f"song.{form.lower()}"
    soundfile.write(source, NOISE.T, RATE, subtype=subtype, format=form)
    carried_out(tmp_path / "arrived", "arrive", source=str(source), filename="song")
    with open_signal(source) as file, WorkFile(tmp_path / "arrived" / "work.bin") as work:
        assert (work.rate_hz, work.channels, work.frames) == (file.rate_hz, file.channels, file.frames)
        np.testing.assert_array_equal(work.read(0, work.frames), file.read(0, file.frames))
        np.testing.assert_array_equal(work.read(777, 1_234), file.read(777, 1_234))
        assert work.read(work.frames, 10).shape == (2, 0)
        assert work.digest() == file.digest()
        assert work._type.str == dtype


def test_it_remembers_what_was_heard_to_the_bit(arrived: tuple[Path, dict[str, object]], mix: Path) -> None:
    with open_signal(mix) as file, WorkFile(arrived[0] / "work.bin") as work:
        facts = work.facts()
        assert facts is not None
        again = analyze(file, work.info).to_json(series=True)
        assert analysis_of(facts).to_json(series=True) == again
        assert work.tags == file.tags
        assert work.info.path == Path("Nine Lives.wav")


def test_what_another_engine_heard_is_heard_again(
    arrived: tuple[Path, dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tonewright.__version__", "99.0")
    with WorkFile(arrived[0] / "work.bin") as work:
        assert work.facts() is None


@pytest.mark.parametrize(
    "spoil", [lambda raw: raw[:-1], lambda raw: b"RIFF" + raw[4:], lambda raw: raw[:40], lambda raw: b""]
)
def test_what_is_no_whole_work_file_is_refused(
    arrived: tuple[Path, dict[str, object]], tmp_path: Path, spoil: object
) -> None:
    (tmp_path / "spoilt").write_bytes(spoil((arrived[0] / "work.bin").read_bytes()))  # type: ignore[operator]
    with pytest.raises(InputUnreadable):
        WorkFile(tmp_path / "spoilt")
    with pytest.raises(InputUnreadable):
        WorkFile(tmp_path / "missing")


def test_it_has_its_name_only_when_it_is_whole(mix: Path, tmp_path: Path) -> None:
    path = tmp_path / "work.bin"
    with open_signal(mix) as file:
        with WorkWriter(path, file.info) as work:
            work.write(file.read(0, 1_000))
        assert list(tmp_path.iterdir()) == []
        with WorkWriter(path, file.info) as work:
            work.write(file.read(0, 60_000))
            assert not path.exists()
            np.testing.assert_array_equal(work.samples().read(10, 90), file.read(10, 90))
            work.finish(Origin("", file.info, file.tags), gather(work.samples(), file.info))
        assert [each.name for each in tmp_path.iterdir()] == ["work.bin"]


def test_what_is_kept_is_read_only_as_it_is_declared() -> None:
    arrays = Arrays()
    tree = {"sha256": 5, "info": None, "tags": None}
    with pytest.raises(ValueError, match="this is no"):
        unpack(Origin, tree, lambda at, size: bytearray(size))
    with pytest.raises(TypeError, match="can't be kept"):
        arrays.add(np.array([object()]))
