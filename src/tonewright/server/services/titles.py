"""What a song is called: as its file says, until somebody says otherwise; and what the files made of it say."""

from typing import Any

from tonewright.base.files.tags import isrc_of
from tonewright.server.models import Audio, Song
from tonewright.server.services.filenames import names_from_filename
from tonewright.server.services.text import one_line

_MOST_CHARACTERS = 200
#: As the API has it.
_MOST_TRACKS = 999


def fill_from_tags(song: Song, audio: Audio) -> None:
    """Take title, artist, track number and ISRC from a mix's tags, and where those say nothing, from its file's name.

    What differs from the file's name somebody has set: that stays. The caller saves the song.
    """
    named = names_from_filename(audio.filename)
    tags = audio.tags
    if song.title in ("", named.title):
        song.title = _text(tags.get("title")) or named.title
    if song.artist in ("", named.artist):
        song.artist = _text(tags.get("artist")) or named.artist
    if song.track_number in (None, named.track_number):
        number = tags.get("track_number")
        song.track_number = number if number and 0 < number <= _MOST_TRACKS else named.track_number
    if not song.isrc:
        song.isrc = isrc_of(_text(tags.get("isrc")))


def tags_of(song: Song) -> dict[str, Any]:
    """What a song's owner says about it, for its files (sound.jobs.SongTags)."""
    project = song.project
    return {
        "title": song.title,
        "artist": song.artist or project.artist,
        "album": project.title if project.kind == project.Kind.ALBUM else "",
        "track_number": song.track_number or 0,
        "isrc": song.isrc,
    }


def _text(value: object) -> str:
    return one_line(str(value), _MOST_CHARACTERS) if value else ""
