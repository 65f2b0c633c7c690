"""Targets: the data is whole, dated and sourced; a user's file lies over it."""

import json
from pathlib import Path

import pytest

from tonewright.base.errors import Impossible, InputUnreadable
from tonewright.engine.targets import ENVIRONMENT, target, targets


def test_every_target_is_dated_and_sourced() -> None:
    known = targets()
    assert len({entry.name for entry in known}) == len(known) >= 10
    for entry in known:
        assert entry.source
        assert entry.confidence in {"first-hand", "second-hand", "disputed"}


def test_an_unknown_target_names_the_known_ones() -> None:
    with pytest.raises(Impossible, match=r"no target 'tape'.*streaming"):
        target("tape")


def test_a_loud_master_is_turned_down_and_must_keep_lower() -> None:
    row = target("spotify").on_this(-9.0, -1.0)
    assert row["gain_db"] == pytest.approx(-5.0)
    assert row["plays_at_lufs"] == pytest.approx(-14.0)
    assert row["asks_ceiling_dbtp"] == -2.0
    assert row["over_ceiling_db"] == pytest.approx(1.0)


def test_a_quiet_master_is_raised_only_where_the_service_raises_and_only_into_headroom() -> None:
    assert target("youtube").on_this(-20.0, -6.0)["gain_db"] == 0.0
    assert target("apple").on_this(-20.0, -6.0)["gain_db"] == pytest.approx(4.0)
    assert target("apple").on_this(-20.0, -3.0)["gain_db"] == pytest.approx(2.0)


def test_no_normalisation_leaves_it_as_it_is() -> None:
    row = target("club").on_this(-8.0, -1.0)
    assert row["gain_db"] is None
    assert row["plays_at_lufs"] is None


def test_a_file_of_the_users_is_laid_over_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = target("club").model_dump() | {"lufs": -8.0}
    new = own | {"name": "my-label"}
    path = tmp_path / "targets.json"
    path.write_text(json.dumps({"targets": [own, new]}))
    monkeypatch.setenv(ENVIRONMENT, str(path))
    assert target("club").lufs == -8.0
    assert target("my-label").title == "Club and DJ"
    assert target("streaming").lufs == -14.0


@pytest.mark.parametrize("text", ["{", "{}", '{"targets": [{"name": "x"}]}', '{"targets": 3}', "[]"])
def test_a_faulty_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = tmp_path / "targets.json"
    path.write_text(text)
    monkeypatch.setenv(ENVIRONMENT, str(path))
    with pytest.raises(Impossible, match="not valid"):
        targets()


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "/nowhere/targets.json")
    with pytest.raises(InputUnreadable, match="nowhere"):
        targets()
