"""Builds the studio's pages into the wheel. An editable install leaves them to `make ui`.

With TONEWRIGHT_WITHOUT_UI=1 none are built, and no Node is needed: for the command line alone, or the service's API.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or os.environ.get("TONEWRIGHT_WITHOUT_UI") == "1":
            return
        ui = Path(self.root) / "ui"
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "Building a wheel needs Node 20.19 or newer with npm, for the studio's pages. "
                "To build one without them, set TONEWRIGHT_WITHOUT_UI=1."
            )
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=ui, check=True)
        subprocess.run([npm, "run", "build"], cwd=ui, check=True)
