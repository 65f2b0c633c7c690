"""Wherever it shall go, and whatever is asked for: one clear line, the documented exit code, nothing left behind."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from cli_files import Failing, contents, music, write


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe with one step."""
    path = tmp_path / "recipe.json"
    step = {"id": "subsonic", "kind": "subsonic", "params": {"corner_hz": 20}}
    path.write_text(json.dumps({"version": 1, "engine": "0.1.0", "steps": [step]}))
    return path


WRITERS = [
    ("master",),
    ("limit", "--lufs=-14", "--tp=-1"),
    ("convert",),
    ("render", "--recipe=RECIPE"),
]


@pytest.fixture(params=WRITERS, ids=lambda writer: writer[0])
def writer(request: pytest.FixtureRequest, song: Path, recipe: Path) -> list[str]:
    """A command that writes, complete but for OUT."""
    name, *options = request.param
    return [name, *(option.replace("RECIPE", str(recipe)) for option in options), str(song)]


def test_no_such_folder(writer: list[str], failing: Failing, tmp_path: Path) -> None:
    assert "out.wav" in failing(6, *writer, tmp_path / "nowhere" / "out.wav")


def test_below_a_file(writer: list[str], failing: Failing, song: Path) -> None:
    assert "out.wav" in failing(6, *writer, song / "out.wav")


def test_a_folder(writer: list[str], failing: Failing, tmp_path: Path) -> None:
    (tmp_path / "out.wav").mkdir()
    assert "out.wav" in failing(6, *writer, tmp_path / "out.wav")


def test_no_permission(
    writer: list[str],
    failing_for_a_user: Failing,
    users_folder: Path,
    song: Path,
    recipe: Path,
) -> None:
    closed = users_folder / "closed"
    closed.mkdir(mode=0o555)
    mine = [word.replace(str(song.parent), str(users_folder)) for word in writer]  # theirs are closed to a user
    for path in (song, recipe):
        (users_folder / path.name).write_bytes(path.read_bytes())
    said = failing_for_a_user(6, *mine, closed / "out.wav")
    assert "out.wav" in said
    assert "ermission" in said


def test_the_input_itself(writer: list[str], failing: Failing, song: Path) -> None:
    assert "song.wav" in failing(6, *writer, song)


def test_the_input_by_another_name(writer: list[str], failing: Failing, song: Path) -> None:
    link = song.with_name("link.wav")
    link.symlink_to(song)
    assert "link.wav" in failing(6, *writer, link)
    twin = song.with_name("twin.wav")
    os.link(song, twin)
    assert "twin.wav" in failing(6, *writer, twin)


@pytest.mark.parametrize("option", ["--report", "--save-recipe"])
def test_a_second_output_that_is_the_input(option: str, failing: Failing, song: Path, tmp_path: Path) -> None:
    assert "song.wav" in failing(6, "master", song, tmp_path / "out.wav", option, song)


def test_two_outputs_of_one_name(failing: Failing, song: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    assert "out.wav" in failing(2, "master", song, out, "--report", out)


@pytest.mark.parametrize("option", ["--report", "--save-recipe"])
def test_no_place_for_report_or_recipe(option: str, failing: Failing, song: Path, tmp_path: Path) -> None:
    # nothing is left behind: a master without what was asked for beside it is not the whole job
    failing(6, "master", song, tmp_path / "out.wav", option, tmp_path / "nowhere" / "file")


@pytest.mark.slow
@pytest.mark.parametrize("writer", WRITERS, indirect=True, ids=lambda writer: writer[0])
def test_a_full_disk(writer: list[str], tmp_path: Path) -> None:
    before = contents(tmp_path)

    def no_more_than_100_kb() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    environment = {**os.environ, "NUMBA_CACHE_DIR": ""}
    done = subprocess.run(
        [sys.executable, "-m", "tonewright", *writer, str(tmp_path / "out.wav")],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=no_more_than_100_kb,
        env={key: value for key, value in environment.items() if value},
    )
    assert done.returncode == 6, done.stderr
    assert done.stderr.count("\n") == 1
    assert "out.wav" in done.stderr
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["out.xyz", "out", "out.mid"])
def test_a_format_that_does_not_exist(name: str, failing: Failing, song: Path, tmp_path: Path) -> None:
    assert name in failing(7, "master", song, tmp_path / name)


@pytest.mark.parametrize(
    "options",
    [
        ["--lufs=3"],
        ["--lufs=-80"],
        ["--lufs=nan"],
        ["--tp=2"],
        ["--rate=1"],
        ["--rate=1000000"],
        ["--warmth=101"],
        ["--amount=2"],
        ["--for=nowhere"],
        ["--keep=everything"],
        ["--match=tone=7"],
    ],
    ids=" ".join,
)
def test_impossible_options(options: list[str], failing: Failing, song: Path, tmp_path: Path) -> None:
    failing(7, "master", song, tmp_path / "out.wav", *options)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--mode=repair", "--lufs=-14"], "--lufs"),
        (["--mode=repair", "--warmth=20"], "character"),
        (["--match=tone=0.3"], "--reference"),
        (["--recipe=RECIPE", "--tp=-2"], "--tp"),
        (["--recipe=RECIPE", "--keep=tone", "--amount=0.5"], "--amount, --keep"),
    ],
    ids=lambda value: str(value),
)
def test_wishes_that_would_have_no_effect(
    options: list[str], word: str, failing: Failing, song: Path, recipe: Path, tmp_path: Path
) -> None:
    asked = [option.replace("RECIPE", str(recipe)) for option in options]
    assert word in failing(7, "master", song, tmp_path / "out.wav", *asked)


@pytest.mark.parametrize(("name", "options"), [("out.mp3", ["--bits=24"]), ("out.flac", ["--bits=32f"])])
def test_a_format_that_can_not_hold_it(
    name: str, options: list[str], failing: Failing, song: Path, tmp_path: Path
) -> None:
    failing(7, "convert", song, tmp_path / name, *options)


def test_a_reference_that_is_missing(failing: Failing, song: Path, tmp_path: Path) -> None:
    said = failing(3, "master", song, tmp_path / "out.wav", "--reference", tmp_path / "nowhere.wav:2")
    assert "nowhere.wav" in said


def test_a_reference_that_is_not_audio(failing: Failing, song: Path, tmp_path: Path) -> None:
    (tmp_path / "diary.wav").write_text("Dear diary," * 500)
    said = failing(4, "master", song, tmp_path / "out.wav", "--reference", tmp_path / "diary.wav")
    assert "diary.wav" in said


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        ('{"version": 99, "steps": []}', 7, "newer|99"),
        ('{"steps": []}', 7, "version"),
        ("[]", 7, "not a recipe"),
        ("not json", 7, "JSON"),
        ('{"version": 1, "steps": [{"id": "x", "kind": "magic", "params": {}}]}', 7, "magic"),
        (
            '{"version": 1, "steps": [{"id": "x", "kind": "subsonic", "params": {"corner_hz": 9000}}]}',
            7,
            "corner_hz",
        ),
        ('{"version": 1, "steps": [{"id": "x", "kind": "subsonic", "params": {"colour": 1}}]}', 7, "colour"),
    ],
)
@pytest.mark.parametrize("command", ["render", "master"])
def test_recipes_that_are_wrong(
    command: str, content: str, code: int, word: str, failing: Failing, song: Path, recipe: Path
) -> None:
    recipe.write_text(content)
    said = failing(code, command, song, song.with_name("out.wav"), "--recipe", recipe)
    assert any(each in said for each in word.split("|"))


def test_a_recipe_that_is_missing(failing: Failing, song: Path, tmp_path: Path) -> None:
    assert "nowhere.json" in failing(3, "render", song, tmp_path / "out.wav", "--recipe", tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--only=subsonic", "--delta=subsonic"], 2),
        (["--only=magic"], 7),
        (["--delta=magic"], 7),
        (["--from=2", "--to=1"], 7),
        (["--from=100"], 7),
        (["--from=-1"], 7),
    ],
    ids=str,
)
def test_impossible_windows_and_steps(
    options: list[str], code: int, failing: Failing, song: Path, recipe: Path
) -> None:
    failing(code, "render", song, song.with_name("out.wav"), "--recipe", recipe, *options)


@pytest.mark.parametrize(
    ("bands", "code"),
    [("[]", 7), ("not json", 7), ('[{"kind": "bell", "frequency_hz": 1e9}]', 7), ('{"a": 1}', 7)],
)
def test_bands_that_are_wrong(bands: str, code: int, failing: Failing, song: Path, tmp_path: Path) -> None:
    (tmp_path / "bands.json").write_text(bands)
    failing(code, "eq", song, tmp_path / "out.wav", "--phase=linear", "--bands", tmp_path / "bands.json")


def test_an_existing_output_survives_a_failure(failing: Failing, song: Path, tmp_path: Path) -> None:
    out = write(tmp_path / "out.wav", music(1.0))
    failing(7, "master", song, out, "--for=nowhere")
    failing(3, "master", tmp_path / "nowhere.wav", out)  # `failing` compares every byte
