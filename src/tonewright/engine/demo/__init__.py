"""The project's own small music generator: an honest, unmastered mix to master, to test with and to listen to."""

from tonewright.engine.demo.generator import STYLES, demo_form, demo_song
from tonewright.engine.demo.song import CLEAN, FLAWED, Flaws

__all__ = ["CLEAN", "FLAWED", "STYLES", "Flaws", "demo_form", "demo_song"]
