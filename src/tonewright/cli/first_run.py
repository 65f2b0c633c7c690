"""What `make run SONG=...` does: master a song, with all papers beside it.

python -m tonewright.cli.first_run SONG [OUT_DIR]
"""

import sys
from pathlib import Path

from tonewright.base.atomic import output_error
from tonewright.base.errors import TonewrightError
from tonewright.cli import failures
from tonewright.cli.main import main as tonewright


def main(song: str, out: str = "out") -> int:
    """Master `song` into the folder `out`, with report and recipe. Returns the exit code."""
    folder = Path(out or "out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _refused(output_error(error, folder))
    source = Path(song).expanduser()
    if source.exists():
        print(
            "Mastering it. The very first run compiles the kernels too, which takes some seconds more.\n",
            flush=True,
        )
    stem = folder / source.stem
    return tonewright(
        [
            "master",
            "--bits=24",
            f"--report={stem}-report.html",
            f"--save-recipe={stem}-recipe.json",
            "--",
            str(source),
            f"{stem}-master.wav",
        ]
    )


def _refused(error: TonewrightError) -> int:
    print(failures.line(error, as_json=False), file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
