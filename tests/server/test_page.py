"""The studio's one page, and what is said where it was not built."""

import os
from pathlib import Path

import pytest
from django.test import Client

from tonewright.server import page


def test_a_service_without_the_studios_pages_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_BUILT", tmp_path / "index.html")
    answer = Client().get("/projects")
    assert (answer.status_code, answer["Content-Type"]) == (503, "text/plain; charset=utf-8")
    assert "the studio's pages were not built" in answer.text


def test_a_page_that_is_built_anew_is_seen_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = tmp_path / "index.html"
    monkeypatch.setattr(page, "_BUILT", built)
    for number, text in enumerate(("<title>one</title>", "<title>two</title>")):
        built.write_text(text)
        os.utime(built, (number, number))
        answer = Client().get("/any/address")
        assert (answer.status_code, answer.text, answer["Cache-Control"]) == (200, text, "no-cache")
    assert "csrftoken" in answer.cookies
