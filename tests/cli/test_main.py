"""main(): whatever goes wrong becomes one line on standard error and the documented exit code."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tonewright.base.errors import Bug, TonewrightError, every_error
from tonewright.cli.main import main
from tonewright.engine import targets


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `tonewright targets` run into this error."""

    def broken() -> None:
        raise error

    monkeypatch.setattr(targets, "targets", broken)


@pytest.mark.parametrize(
    "error",
    [e for e in every_error() if e.__module__ == TonewrightError.__module__ and e not in (Bug, TonewrightError)],
)
def test_each_error_of_the_tree_is_one_line_and_its_own_code(
    error: type[TonewrightError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, error("The file a.wav is wrong.", "Send another."))
    assert main(["targets"]) == error.exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "tonewright: The file a.wav is wrong. Send another.\n"


def test_with_json_the_line_is_an_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, every_error()[1]("One\nthing.", ""))
    assert main(["targets", "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {"code": "usage", "exit_code": 2, "message": "One\nthing.", "remedy": None}
    assert err.count("\n") == 1


def test_names_that_would_break_the_line_are_escaped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, every_error()[2]("a\nb\x1b[31m\udcff é.wav is missing.", ""))
    assert main(["targets"]) == 3
    assert capsys.readouterr().err == "tonewright: a b\\x1b[31m\\udcff é.wav is missing.\n"


@pytest.mark.parametrize("error", [RuntimeError("inner workings"), Bug("broken"), AssertionError(), ValueError()])
def test_a_bug_is_70_with_a_report_and_no_traceback(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fail_with(monkeypatch, error)
    assert main(["targets", "--quiet"]) == 70
    err = capsys.readouterr().err
    (report,) = tmp_path.iterdir()
    assert str(report) in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    text = report.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "Tonewright 0." in text
    assert '["targets", "--quiet"]' in text


def test_a_bug_without_a_place_for_its_report_still_ends_in_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    fail_with(monkeypatch, RuntimeError("inner workings"))
    assert main(["targets"]) == 70
    assert "inner workings" in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_anywhere_is_a_failed_output(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, OSError(number, "no room", "/there/out.json"))
    assert main(["targets"]) == 6
    assert "/there/out.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["mster"], "'master'"),
        (["--nonsense"], "--nonsense"),
        (["targets", "--nonsense"], "--nonsense"),
        (["targets", "--progress", "loud"], "loud"),
        (["targets", "extra"], "extra"),
        (["measure"], "IN"),
        (["measure", "-"], "standard input"),
        (["measure", ""], "empty"),
        (["master", "in.wav"], "OUT"),
        (["master", "in.wav", "out.wav", "--lufs", "loud"], "--lufs"),
        (["master", "in.wav", "out.wav", "--mode", "improve"], "improve"),
        (["master", "in.wav", "out.wav", "--match", "tone"], "tone"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_is_wrong_is_2_and_one_line(
    arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tonewright: ")
    assert err.count("\n") == 1
    assert word in err


def test_no_arguments_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "master" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    from tonewright import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tonewright {__version__}\n"


HEAVY = ("numpy", "numba", "scipy", "av", "soundfile", "soxr", "pydantic")


@pytest.mark.parametrize("what", ["import tonewright", "from tonewright.cli.main import main; main(['--help'])"])
def test_starting_imports_nothing_heavy(what: str) -> None:
    asked = f"import sys; {what}; print('LOADED', *(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED"


@pytest.mark.parametrize("command", [["targets"], ["targets", "--json"], ["--help"]], ids=" ".join)
def test_a_reader_that_leaves_is_no_failure(command: list[str]) -> None:
    # the pipe's reading end is closed before the first byte, as by `| true`
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@" 2>&3 | true', "sh", sys.executable, "-m", "tonewright", *command],
        stdout=subprocess.PIPE,
        pass_fds=(),
        text=True,
        check=False,
        env=None,
    )
    assert done.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_6() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 a device, not a file
        done = subprocess.run(
            [sys.executable, "-m", "tonewright", "targets", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 6
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
