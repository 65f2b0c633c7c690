"""What people script against: commands, options, JSON keys, files."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from cli_files import RATE_HZ, music, write
from tonewright.cli.main import main

METER = {
    "integrated_lufs", "momentary_max_lufs", "short_term_max_lufs", "lra_lu", "true_peak_dbtp", "sample_peak_dbfs",
    "plr_db", "psr_min_db", "duration_s", "rate_hz", "channels",
}  # fmt: skip

Asking = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Asking:
    """Run a command with --json; it must succeed, print one object, and nothing else anywhere."""

    def run(*arguments: str | Path) -> dict[str, Any]:
        status = main([*map(str, arguments), "--json"])
        out, err = capsys.readouterr()
        assert status == 0, err
        assert err == ""
        found = json.loads(out)
        assert isinstance(found, dict)
        return found

    return run


def samples(path: Path) -> Any:
    return soundfile.read(path, dtype="int32", always_2d=True)[0]


def test_measure(ask: Asking, song: Path) -> None:
    found = ask("measure", song)
    assert found.keys() >= METER
    assert "momentary_series" not in found
    assert found["duration_s"] == 3.0
    assert found["channels"] == 2
    assert found["integrated_lufs"] != round(found["integrated_lufs"], 6)  # unrounded


def test_measure_series(ask: Asking, song: Path) -> None:
    found = ask("measure", song, "--series")
    for name in ("momentary_series", "short_term_series"):
        assert found[name].keys() == {"hop", "start", "values"}
    assert found["momentary_max_lufs"] == pytest.approx(max(found["momentary_series"]["values"]))


def test_measure_silence_is_null(ask: Asking, tmp_path: Path) -> None:
    found = ask("measure", write(tmp_path / "silence.wav", np.zeros((2, RATE_HZ))))
    assert {found[name] for name in ("integrated_lufs", "true_peak_dbtp", "lra_lu", "plr_db")} == {None}


def test_analyze(ask: Asking, song: Path) -> None:
    found = ask("analyze", song)
    assert found.keys() >= {"version", "engine", "input", "measurements", "spectrum", "sections", "findings"}
    assert found["measurements"].keys() >= METER
    for finding in found["findings"]:
        assert finding.keys() >= {"kind", "severity", "confidence", "regions", "evidence", "message", "remedy"}


def test_master(ask: Asking, song: Path, tmp_path: Path) -> None:
    out, report, recipe = tmp_path / "out.wav", tmp_path / "report.html", tmp_path / "recipe.json"
    found = ask("master", song, out, "--report", report, "--save-recipe", recipe)
    assert found.keys() == {"recipe", "before", "after", "findings", "decisions", "shortfalls", "files", "seconds"}
    for decision in found["decisions"]:
        assert decision.keys() == {"step", "because", "effect"}
    assert soundfile.info(out).subtype == "PCM_24"
    assert soundfile.info(out).frames == soundfile.info(song).frames
    assert json.loads(recipe.read_text()) == found["recipe"]
    assert "</html>" in report.read_text()
    assert {Path(path) for path in found["files"].values()} == {out, report, recipe}
    measured = ask("measure", out)
    for key in METER:
        assert measured[key] == pytest.approx(found["after"][key], abs=1e-9)


def test_master_lands_on_loudness_under_the_ceiling(ask: Asking, song: Path, tmp_path: Path) -> None:
    found = ask("master", song, tmp_path / "out.wav", "--lufs=-16", "--tp=-2")
    assert found["after"]["integrated_lufs"] == pytest.approx(-16.0, abs=0.1)
    assert found["after"]["true_peak_dbtp"] <= -1.95


def test_master_with_everything(ask: Asking, song: Path, tmp_path: Path) -> None:
    reference = write(tmp_path / "liked: 2.wav", music(4.0, seed=3))
    found = ask(
        "master", song, tmp_path / "out.flac", "--for", "apple", "--reference", f"{reference}:0.5",
        "--reference", reference, "--match", "tone=0.5,width=0,dynamics=0.2,loudness=0.1", "--warmth", "30",
        "--brightness=-20", "--low-end", "-10", "--punch=5", "--width", "10", "--presence", "-3", "--loudness=-5",
        "--amount", "0.8", "--keep", "width, dynamics", "--bits", "16", "--rate", "48000", "--dither", "shaped",
    )  # fmt: skip
    info = soundfile.info(tmp_path / "out.flac")
    assert (info.samplerate, info.subtype) == (48000, "PCM_16")
    assert "stereo" not in {step["kind"] for step in found["recipe"]["steps"]}  # the width is kept


def test_repair_keeps_the_level(ask: Asking, song: Path, tmp_path: Path) -> None:
    found = ask("master", song, tmp_path / "out.wav", "--mode", "repair")
    assert found["after"]["integrated_lufs"] == pytest.approx(found["before"]["integrated_lufs"], abs=0.5)
    assert "maximiser" not in {step["kind"] for step in found["recipe"]["steps"]}


def test_the_same_recipe_gives_the_same_bytes(ask: Asking, song: Path, tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first.wav", "second.wav", "third.wav"))
    recipe = tmp_path / "recipe.json"
    ask("master", song, first, "--save-recipe", recipe)
    ask("render", song, second, "--recipe", recipe)
    ask("master", song, third, "--recipe", recipe)
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.json"
    steps = [
        {"id": "low", "kind": "subsonic", "params": {"corner_hz": 30}},
        {"id": "level", "kind": "gain", "params": {"gain_db": -3}},
    ]
    path.write_text(json.dumps({"version": 1, "steps": steps}))
    return path


@pytest.mark.parametrize("dither", ["none", "tpdf", "shaped"])
def test_a_window_is_the_slice_of_the_whole(
    dither: str, ask: Asking, song: Path, recipe: Path, tmp_path: Path
) -> None:
    whole, window = tmp_path / "whole.wav", tmp_path / "window.wav"
    ask("render", song, whole, "--recipe", recipe, "--dither", dither)
    ask("render", song, window, "--recipe", recipe, "--dither", dither, "--from", "0.5", "--to", "1.75")
    begin, end = round(0.5 * RATE_HZ), round(1.75 * RATE_HZ)
    np.testing.assert_array_equal(samples(window), samples(whole)[begin:end])


def test_a_window_may_end_past_the_song(ask: Asking, song: Path, recipe: Path, tmp_path: Path) -> None:
    ask("render", song, tmp_path / "tail.wav", "--recipe", recipe, "--from=2.5", "--to=100")
    assert soundfile.info(tmp_path / "tail.wav").frames == round(0.5 * RATE_HZ)


def test_one_step_alone_and_what_it_changes(ask: Asking, song: Path, recipe: Path, tmp_path: Path) -> None:
    ask("render", song, tmp_path / "only.wav", "--recipe", recipe, "--only", "level", "--bits", "32f")
    source = soundfile.read(song)[0]
    only = soundfile.read(tmp_path / "only.wav")[0]
    np.testing.assert_allclose(only, source * 10 ** (-3 / 20), atol=1e-7)
    ask("render", song, tmp_path / "delta.wav", "--recipe", recipe, "--delta", "low", "--bits", "32f")
    delta = soundfile.read(tmp_path / "delta.wav")[0]
    assert 0.0 < np.abs(delta).max() < np.abs(source).max()


def test_a_bypass_of_24_bits_is_bit_identical(ask: Asking, tmp_path: Path) -> None:
    song = write(tmp_path / "song24.wav", music(1.0), "PCM_24")
    recipe = tmp_path / "nothing.json"
    recipe.write_text('{"version": 1, "steps": []}')
    ask("render", song, tmp_path / "out.wav", "--recipe", recipe)
    ask("convert", song, tmp_path / "out.flac")
    for name in ("out.wav", "out.flac"):
        np.testing.assert_array_equal(samples(tmp_path / name), samples(song))


def test_limit(ask: Asking, song: Path, tmp_path: Path) -> None:
    found = ask("limit", song, tmp_path / "out.wav", "--lufs", "-12", "--tp", "-1.5")
    assert found["after"]["integrated_lufs"] == pytest.approx(-12.0, abs=0.1)
    assert found["after"]["true_peak_dbtp"] <= -1.45
    assert [step["kind"] for step in found["recipe"]["steps"]] == ["maximiser"]


@pytest.mark.parametrize("phase", ["linear", "minimum"])
def test_eq(phase: str, ask: Asking, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).standard_normal((1, 10 * RATE_HZ))
    source = write(tmp_path / "noise.wav", 0.05 * noise, "FLOAT")
    bands = tmp_path / "bands.json"
    bands.write_text('[{"kind": "bell", "frequency_hz": 900, "gain_db": -12, "q": 4}]')
    out = tmp_path / "out.wav"
    ask("eq", source, out, "--phase", phase, "--bands", bands, "--bits", "32f")
    before, after = (np.abs(np.fft.rfft(soundfile.read(path)[0])) for path in (source, out))

    def change_db(low_hz: float, high_hz: float) -> float:
        band = slice(round(10 * low_hz), round(10 * high_hz))  # bins of 0.1 Hz
        return 10 * float(np.log10(np.sum(after[band] ** 2) / np.sum(before[band] ** 2)))

    assert change_db(898, 902) == pytest.approx(-12.0, abs=0.1)
    assert change_db(40, 60) == pytest.approx(0.0, abs=0.05)
    assert change_db(15_000, 20_000) == pytest.approx(0.0, abs=0.05)


def test_convert(ask: Asking, song: Path, tmp_path: Path) -> None:
    found = ask(
        "convert", song, tmp_path / "out.wav", "--rate", "22050", "--bits", "16", "--downmix", "mono", "--rf64"
    )
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.samplerate, info.channels, info.format) == (22050, 1, "RF64")
    assert found["output"]["frames"] == info.frames == round(3.0 * 22050)


def test_compare(ask: Asking, song: Path, tmp_path: Path) -> None:
    quieter = write(tmp_path / "quieter.wav", 0.5 * music(3.0), "FLOAT")
    found = ask("compare", song, quieter)
    assert found["loudness_gain_db"] == pytest.approx(-6.02, abs=0.01)
    assert found["null"]["residual_at_equal_loudness_db"] < -60  # the first one's rounding to 16 bits remains


def test_listings(ask: Asking) -> None:
    assert {"streaming", "spotify"} <= {target["name"] for target in ask("targets")["targets"]}
    assert ask("formats").keys() == {"read", "written"}
    known = {each["kind"]: each for each in ask("processors")["processors"]}
    assert known["subsonic"]["knobs"][0]["unit"] == "Hz"
    assert ask("processors", "equaliser")["processors"][0]["schema"]["properties"].keys() == {"phase", "bands"}


def test_demo_is_the_same_for_the_same_seed(ask: Asking, tmp_path: Path) -> None:
    for name, seed in (("a.wav", 4), ("b.wav", 4), ("c.wav", 5)):
        ask("demo", tmp_path / name, "--seconds", "2", "--seed", str(seed), "--style", "electronic")
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.wav", "b.wav", "c.wav"))
    assert a == b != c
    assert soundfile.info(tmp_path / "a.wav").duration == 2.0


def test_an_existing_output_is_replaced(ask: Asking, song: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    out.write_text("old")
    ask("convert", song, out)
    assert soundfile.info(out).frames == soundfile.info(song).frames


def test_names_with_spaces_and_more(ask: Asking, song: Path, tmp_path: Path) -> None:
    odd = tmp_path / "Mein Lied – 100 % 'live' [ü] #1.wav"
    os.rename(song, odd)  # noqa: PTH104 either does
    out = tmp_path / "ö ö.wav"
    assert ask("convert", odd, out)["output"]["path"] == str(out)


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on Unix")
def test_a_name_that_is_no_text(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = Path(os.fsdecode(os.fsencode(song.parent) + b"/caf\xe9.wav"))
    song.rename(odd)
    assert main(["measure", str(odd)]) == 0
    assert "\\udce9" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [["measure", "SONG"], ["analyze", "SONG"], ["compare", "SONG", "SONG"], ["master", "SONG", "OUT"], ["targets"],
     ["processors"], ["formats"], ["convert", "SONG", "OUT"], ["limit", "SONG", "OUT", "--lufs=-14", "--tp=-1"]],
    ids=lambda command: command[0],
)  # fmt: skip
@pytest.mark.parametrize("columns", [40, 120])
def test_summaries_are_plain_when_piped_and_silent_when_quiet(
    command: list[str],
    columns: int,
    song: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    names = {"SONG": str(song), "OUT": str(song.with_name("o.wav"))}
    arguments = [names.get(word, word) for word in command]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.strip()
    assert "\x1b" not in out
    assert not re.search(r"\bnan\b|\binf\b|None", out)
    assert main([*arguments, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
