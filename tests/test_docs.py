"""The documents are true: generated pages are current, everything there is is documented, links and commands exist."""

import importlib.util
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import soundfile

from tonewright.base.errors import every_error
from tonewright.cli.app import COMMANDS, load, named
from tonewright.dsp.processors import kinds
from tonewright.engine.demo import demo_song
from tonewright.engine.findings import KINDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "requirements").glob("*.md")])


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


GENERATOR = _generator()
TREE = GENERATOR.declared_errors()


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", GENERATOR.PAGES)
def test_generated_pages_are_current(page: str) -> None:
    assert read(f"docs/{page}") == GENERATOR.PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("command", [entry.name for entry in COMMANDS])
def test_every_command_and_option_is_documented(command: str) -> None:
    page = read("docs/cli.md")
    part = page.split(f"\n## {command}\n")[1].split("\n## ")[0]
    flags = {flag for parameter in load(command).params for flag in parameter.opts if flag.startswith("--")}
    assert {"--json", "--quiet", "--progress"} <= flags
    assert [flag for flag in flags if f"`{flag}`" not in part] == []


@pytest.mark.parametrize("error", TREE)
def test_every_error_is_documented(error: type) -> None:
    page = read("docs/errors.md")
    assert f"| {vars(error)['exit_code']} | `{vars(error)['code']}` | {error.__doc__} |" in page
    assert error.__doc__


def test_every_exit_code_stands_in_the_readme() -> None:
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", read("README.md"), re.MULTILINE)}
    assert rows == {0, *(error.exit_code for error in every_error())}


@pytest.mark.parametrize("kind", kinds())
def test_every_processor_is_documented(kind: str) -> None:
    assert f"\n## {kind}\n" in read("docs/processors.md")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_finding_is_documented(kind: str) -> None:
    assert re.search(rf"^#+ `?{kind}`?\b", read("docs/findings.md"), re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in link:
            assert (document.parent / link).exists(), link


def _shown_commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line that a document shows, as (where, words)."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for line in re.findall(r"^(?:    |\$ |    \$ )(tonewright [^\n]*)", text, re.MULTILINE):
            words = shlex.split(line.split("  #")[0])[1:]
            if "[OPTIONS]" not in words:
                yield f"{document.relative_to(ROOT)}: {line}", words


@pytest.mark.parametrize("words", [pytest.param(words, id=where) for where, words in _shown_commands()])
def test_shown_commands_exist(words: list[str]) -> None:
    known = {
        flag for parameter in load(named(words)).params for flag in (*parameter.opts, *parameter.secondary_opts)
    }
    used = {word.split("=")[0] for word in words if word.startswith("-") and not re.match(r"-\d", word)}
    assert used - {"--help"} <= known


def test_the_readme_s_library_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "mix.wav", demo_song(8.0).T, 44_100, subtype="PCM_16")
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", read("README.md"), re.DOTALL)
    exec(compile(example, "README.md", "exec"), {"__name__": "example"})
    assert (tmp_path / "master.wav").exists()
    assert float(capsys.readouterr().out.splitlines()[-1].split()[0]) < 0.0


def test_make_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:`|^    )make ([a-z]+)", text, re.MULTILINE))
        assert named <= targets, document


def test_the_changelog_knows_this_version() -> None:
    from tonewright import __version__

    text = read("CHANGELOG.md")
    assert "## [Unreleased]" in text or f"## [{__version__}]" in text
