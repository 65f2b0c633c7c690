"""`python -m tonewright` is the same as `tonewright`."""

import sys

from tonewright.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
