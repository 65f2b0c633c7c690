"""`python -m tonewright` is the same as `tonewright`."""

from tonewright.cli.main import main

if __name__ == "__main__":
    main()
