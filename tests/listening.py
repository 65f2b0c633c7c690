"""Hearing what a page plays: the samples that leave its audio graph."""

import base64

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from chromium import PATIENCE_MS
from service import wait_for

Samples = NDArray[np.float64]


def hears(page: Page) -> None:
    """Wait until something sounds."""
    wait_for(lambda: np.any(heard(page, 0.05)[1]), PATIENCE_MS / 1000, "it sounds")


def heard(page: Page, seconds: float, key: str = "") -> tuple[int, Samples]:
    """Frame of the song, and samples (frames, channels) of what leaves the graph; a key is pressed at a third of it."""
    page.evaluate("(seconds) => { window.taken = window.eavesdrop(seconds); }", seconds)
    if key:
        page.evaluate("(seconds) => window.eavesdrop(seconds)", seconds / 3.0)
        page.keyboard.press(key)
    found = page.evaluate("window.taken")
    channels = [np.frombuffer(base64.b64decode(text), dtype=np.float32) for text in found["channels"]]
    return found["position"], np.stack(channels, axis=1).astype(np.float64)


def play_from(page: Page, position_s: float, key: str) -> None:
    """Play a track (its key) from a place, and wait until it really sounds."""
    page.keyboard.press("Home")
    for _ in range(round(position_s / 5.0)):
        page.keyboard.press("ArrowRight")
    page.keyboard.press(key)
    page.get_by_role("button", name="Play").click()
    hears(page)


def pause(page: Page) -> None:
    page.get_by_role("button", name="Pause").click()


def gain_of(played: Samples, sound: Samples) -> float:
    return float(np.vdot(sound, played) / np.vdot(sound, sound))
