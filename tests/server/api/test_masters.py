"""Versions over HTTP: ordered, numbered, compared, taken up again, and never changed."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalogue import ready_master, ready_mix, recipe
from tonewright.dsp.gain import GainParams
from tonewright.engine.recipe import Recipe, Step
from tonewright.server.errors import TooManyRequests
from tonewright.server.models import Audio, Event, Job, Master, Song, User
from tonewright.server.services import jobs, masters
from tonewright.server.services.access import Actor

Browser = Callable[[User], Client]


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    data = "" if body is None else json.dumps(body)
    return client.generic(method, f"/api{path}", data=data, content_type="application/json", headers=headers)


@pytest.fixture
def mix(piece: Song) -> Audio:
    return ready_mix(piece)


def test_an_order_is_a_version_and_its_job_together(
    artist: User, mix: Audio, signed_in: Browser, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Job] = []
    jobs.on_queued(heard.append)
    Audio.objects.create(song=mix.song, role="reference", state="ready", filename="led.wav", bytes=1, weight=2.5)
    Audio.objects.create(song=mix.song, role="reference", state="checking", filename="not yet.wav", bytes=1)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            made = send(
                signed_in(artist),
                "POST",
                f"/songs/{mix.song_id}/masters",
                {"intent": {"target": "spotify", "character": {"warmth": 20}}, "why": " warmer\n "},
            )
    finally:
        jobs._listeners.remove(heard.append)
    assert made.status_code == 201, made.content
    master = made.json()
    assert (master["number"], master["state"], master["why"]) == (1, "queued", "warmer")
    assert master["author"]["id"] == str(artist.pk)
    assert (master["intent"]["target"], master["intent"]["character"]["warmth"]) == ("spotify", 20)
    assert [(row["filename"], row["weight"]) for row in master["references"]] == [("led.wav", 2.5)]
    assert (master["recipe"], master["recipe_given"]) == (None, False)
    job = Job.objects.get(kind="master")
    assert (str(job.master_id), job.state, heard) == (master["id"], "queued", [job])
    assert set(Event.objects.values_list("kind", flat=True)) == {"job", "master"}


def test_without_an_intent_the_songs_own_counts(artist: User, mix: Audio, signed_in: Browser) -> None:
    client = signed_in(artist)
    send(client, "PATCH", f"/songs/{mix.song_id}", {"intent": {"amount": 0.5}})
    assert send(client, "POST", f"/songs/{mix.song_id}/masters", {}).json()["intent"]["amount"] == 0.5


def test_a_recipe_is_kept_as_it_was_given(artist: User, mix: Audio, signed_in: Browser) -> None:
    given = recipe(2.0)
    made = send(signed_in(artist), "POST", f"/songs/{mix.song_id}/masters", {"recipe": given.to_json()}).json()
    assert (made["recipe"], made["recipe_given"]) == (given.to_json(), True)
    assert made["recipe_digest"] == given.digest()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"recipe": {}}, 422, "recipe_invalid"),
        (
            {"recipe": {"version": 1, "steps": [{"id": "x", "kind": "no such", "params": {}}]}},
            422,
            "recipe_invalid",
        ),
        ({"recipe": recipe().to_json() | {"version": 99}}, 409, "recipe_too_new"),
        ({"intent": {"target": "the moon"}}, 422, "impossible"),
        ({"parent_id": "00000000-0000-4000-8000-000000000000"}, 404, "not_found"),
        ({"audio_id": "00000000-0000-4000-8000-000000000000"}, 404, "not_found"),
        ({"why": "w" * 501}, 422, "usage"),
    ],
)
def test_an_order_that_can_not_be_carried_out_leaves_nothing(
    artist: User, mix: Audio, signed_in: Browser, body: dict[str, Any], status: int, code: str
) -> None:
    answer = send(signed_in(artist), "POST", f"/songs/{mix.song_id}/masters", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Master.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(("state", "words"), [("checking", "still being listened to"), ("refused", "was refused")])
def test_a_mix_has_to_be_heard_first(artist: User, mix: Audio, signed_in: Browser, state: str, words: str) -> None:
    Audio.objects.update(state=state)
    answer = send(signed_in(artist), "POST", f"/songs/{mix.song_id}/masters", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert words in answer.json()["detail"]


def test_a_song_without_a_mix_has_no_versions(artist: User, piece: Song, signed_in: Browser) -> None:
    assert send(signed_in(artist), "POST", f"/songs/{piece.pk}/masters", {}).json()["code"] == "conflict"


def test_what_belongs_to_another_song_is_not_found(artist: User, mix: Audio, signed_in: Browser) -> None:
    other = ready_master(ready_mix(Song.objects.create(project=mix.song.project, title="Other"), "other.wav"))
    path = f"/songs/{mix.song_id}/masters"
    for body in ({"parent_id": str(other.pk)}, {"audio_id": str(other.audio_id)}):
        assert send(signed_in(artist), "POST", path, body).json()["code"] == "not_found"
    own = ready_master(mix)
    answer = send(signed_in(artist), "GET", f"/masters/{own.pk}/compare/{other.pk}")
    assert (answer.status_code, answer.json()["code"]) == (400, "usage")


def test_the_same_order_sent_twice_is_one_version(artist: User, mix: Audio, signed_in: Browser) -> None:
    client, path = signed_in(artist), f"/songs/{mix.song_id}/masters"
    first = send(client, "POST", path, {"why": "once"}, idempotency_key="k1")
    again = send(client, "POST", path, {"why": "once"}, idempotency_key="k1")
    assert first.json() == again.json()
    assert (Master.objects.count(), Job.objects.count()) == (1, 1)


def test_a_program_that_went_wild_is_stopped(artist: User, mix: Audio) -> None:
    for _ in range(masters.MOST_WAITING):
        masters.order(Actor(artist), mix.song_id)
    with pytest.raises(TooManyRequests):
        masters.order(Actor(artist), mix.song_id)


@pytest.mark.django_db(transaction=True)
def test_numbers_are_unique_however_many_order_at_once(artist: User, mix: Audio) -> None:
    failed: list[Exception] = []
    together = threading.Barrier(6)

    def order_three() -> None:
        try:
            together.wait()
            for _ in range(3):
                masters.order(Actor(artist), mix.song_id)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=order_three) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert list(Master.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 19))


def test_an_old_version_is_taken_up_again(artist: User, mix: Audio, signed_in: Browser) -> None:
    client = signed_in(artist)
    old = ready_master(mix, recipe(1.0))
    ready_master(mix, recipe(5.0))
    kept = send(client, "GET", f"/masters/{old.pk}/recipe")
    assert kept["Content-Disposition"] == 'attachment; filename="The Examples - Opening (Master 1, recipe).json"'
    body = {"recipe": json.loads(kept.content), "parent_id": str(old.pk), "why": "back to the first"}
    made = send(client, "POST", f"/songs/{mix.song_id}/masters", body).json()
    assert (made["number"], made["parent_id"], made["recipe_digest"]) == (3, str(old.pk), old.recipe_digest)


def test_a_new_mix_through_an_old_recipe_tells_which_mix_changed(
    artist: User, mix: Audio, signed_in: Browser
) -> None:
    client = signed_in(artist)
    old = ready_master(mix, recipe(3.0))
    new_mix = ready_mix(
        mix.song,
        "mix 2.wav",
        measurements={"integrated_lufs": -18.5, "true_peak_dbtp": -5.0, "duration_s": 11.0},
    )
    made = send(
        client,
        "POST",
        f"/songs/{mix.song_id}/masters",
        {"recipe": old.recipe, "parent_id": str(old.pk), "audio_id": str(new_mix.pk)},
    ).json()
    assert made["audio_id"] == str(new_mix.pk)
    found = send(client, "GET", f"/masters/{old.pk}/compare/{made['id']}").json()
    assert found["changes"] == ["mix: mix.wav -> mix 2.wav, +1.5 LU, +1.0 s"]
    assert found["mixes"]["was"] == {"audio_id": str(mix.pk), "filename": "mix.wav"}
    assert found["mixes"]["now"] == {"audio_id": str(new_mix.pk), "filename": "mix 2.wav"}
    loudness = next(row for row in found["mixes"]["measurements"] if row["name"] == "integrated_lufs")
    assert loudness == {"name": "integrated_lufs", "was": -20.0, "now": -18.5, "change": 1.5}


def test_two_versions_of_one_mix_differ_by_their_recipes_in_words(
    artist: User, mix: Audio, signed_in: Browser
) -> None:
    was = ready_master(mix, recipe(3.0))
    more = Recipe(
        steps=(
            Step(id="level", kind="gain", params=GainParams(gain_db=1.0)),
            Step(id="flip", kind="gain", params=GainParams(invert_left=True)),
        )
    )
    now = ready_master(mix, more, measurements={"integrated_lufs": -16.0, "true_peak_dbtp": None})
    found = send(signed_in(artist), "GET", f"/masters/{was.pk}/compare/{now.pk}").json()
    assert found["changes"][0] == "level: gain: +3.0 dB -> +1.0 dB"
    assert found["changes"][1].startswith("flip: added")
    assert found["mixes"] is None
    by_name = {row["name"]: row for row in found["measurements"]}
    assert by_name["integrated_lufs"]["change"] == -2.0
    assert by_name["true_peak_dbtp"] == {"name": "true_peak_dbtp", "was": -1.0, "now": None, "change": None}


def test_while_a_version_is_made_it_has_no_recipe_to_show(artist: User, mix: Audio, signed_in: Browser) -> None:
    client = signed_in(artist)
    ready, waiting = ready_master(mix), ready_master(mix, state="rendering", recipe=None)
    for path in ("recipe", "platforms", f"compare/{ready.pk}"):
        answer = send(client, "GET", f"/masters/{waiting.pk}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), path


def test_what_services_do_to_a_version(artist: User, mix: Audio, signed_in: Browser) -> None:
    loud = ready_master(mix, measurements={"integrated_lufs": -9.0, "true_peak_dbtp": -0.5})
    quiet = ready_master(mix, measurements={"integrated_lufs": -20.0, "true_peak_dbtp": -1.5})
    client = signed_in(artist)
    turned = {row["name"]: row for row in send(client, "GET", f"/masters/{loud.pk}/platforms").json()}
    assert (turned["spotify"]["gain_db"], turned["spotify"]["plays_at_lufs"]) == (-5.0, -14.0)
    assert turned["spotify"]["over_ceiling_db"] == 1.5  # asks for -2 dBTP of what is loud
    raised = {row["name"]: row for row in send(client, "GET", f"/masters/{quiet.pk}/platforms").json()}
    assert (raised["spotify"]["gain_db"], raised["spotify"]["held_by_peaks"]) == (0.5, True)
    assert (raised["youtube"]["gain_db"], raised["youtube"]["held_by_peaks"]) == (0.0, False)


def test_nothing_changes_a_ready_version(artist: User, mix: Audio, signed_in: Browser) -> None:
    client = signed_in(artist)
    master = ready_master(mix, author=artist, why="first")
    before = send(client, "GET", f"/masters/{master.pk}").json()
    path = f"/masters/{master.pk}"
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        assert send(client, method, path, {"why": "changed", "recipe": recipe(9.0).to_json()}).status_code == 405
    send(client, "PATCH", f"/songs/{mix.song_id}", {"title": "Another", "intent": {"amount": 0}})
    send(client, "POST", f"/songs/{mix.song_id}/masters", {"parent_id": str(master.pk), "recipe": before["recipe"]})
    ready_mix(mix.song, "new.wav")
    send(client, "DELETE", f"/projects/{mix.song.project_id}")
    send(client, "POST", f"/projects/{mix.song.project_id}/restore")
    assert send(client, "GET", path).json() == before


def test_a_page_of_versions_takes_as_many_queries_as_one(artist: User, mix: Audio, signed_in: Browser) -> None:
    client, path = signed_in(artist), f"/api/songs/{mix.song_id}/masters"

    def queries(versions: int) -> int:
        while Master.objects.count() < versions:
            ready_master(mix, author=artist)
        with CaptureQueriesContext(connection) as asked:
            assert [row["number"] for row in client.get(path).json()["items"]] == list(range(versions, 0, -1))
        return len(asked)

    client.get(path)
    assert queries(1) == queries(15)
