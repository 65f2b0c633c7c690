"""The catalogue's rows as plain data: what the API answers, what events carry, what webhooks send.

Whoever shows many rows loads what they refer to beforehand (services.songs.loaded); nothing here asks for a row alone.
"""

from typing import Any

from tonewright.engine.intent import Controls
from tonewright.server.models import Audio, Delivery, Job, Master, Project, Song, User


def project_json(project: Project) -> dict[str, Any]:
    """A project and how it stands; of a row from services.standing.loaded."""
    standing: Any = project
    return {
        "id": str(project.pk),
        "kind": project.kind,
        "title": project.title,
        "artist": project.artist,
        "owner_id": str(project.owner_id),
        "team_id": str(project.team_id) if project.team_id else None,
        "songs": {
            "count": standing.song_count,
            "ready": standing.ready_count,
            "at_work": standing.at_work_count,
            "failed": standing.failed_count,
            "duration_s": standing.duration_s,
        },
        "created_at": project.created_at.isoformat(),
        "changed_at": max(
            at for at in (project.changed_at, standing.song_changed_at, standing.version_made_at) if at
        ).isoformat(),
        "deleted_at": project.deleted_at.isoformat() if project.deleted_at else None,
    }


def song_json(song: Song) -> dict[str, Any]:
    """A song with its mix, references, versions and what is being worked on; of a row from services.songs.loaded."""
    return {
        "id": str(song.pk),
        "project_id": str(song.project_id),
        "title": song.title,
        "artist": song.artist,
        "track_number": song.track_number,
        "isrc": song.isrc,
        "brief": song.brief,
        "position": song.position,
        "intent": controls_json(song),
        "mix": audio_json(song.mix) if song.mix else None,
        "references": [audio_json(audio) for audio in song.led_by],  # type: ignore[attr-defined]
        "masters": [master_json(master) for master in song.versions],  # type: ignore[attr-defined]
        "jobs": [job_json(job) for job in song.waiting],  # type: ignore[attr-defined]
        "created_at": song.created_at.isoformat(),
    }


def controls_json(song: Song) -> dict[str, Any]:
    """The studio's controls as they stand, each of them."""
    return Controls.parse(song.intent, "The controls").model_dump()


def audio_json(audio: Audio) -> dict[str, Any]:
    seconds = audio.frames / audio.rate_hz if audio.frames is not None and audio.rate_hz else None
    return {
        "id": str(audio.pk),
        "song_id": str(audio.song_id),
        "role": audio.role,
        "state": audio.state,
        "error": audio.error,
        "filename": audio.filename,
        "bytes": audio.bytes,
        "sha256": audio.sha256,
        "rate_hz": audio.rate_hz,
        "channels": audio.channels,
        "frames": audio.frames,
        "duration_s": seconds,
        "tags": audio.tags,
        "measurements": audio.measurements,
        "listen_index": audio.listen_index,
        "weight": audio.weight,
        "created_at": audio.created_at.isoformat(),
    }


def master_json(master: Master) -> dict[str, Any]:
    """A version as it stands in a list."""
    return {
        "id": str(master.pk),
        "song_id": str(master.song_id),
        "audio_id": str(master.audio_id),
        "number": master.number,
        "parent_id": str(master.parent_id) if master.parent_id else None,
        "author": author_json(master.author),
        "why": master.why,
        "state": master.state,
        "error": master.error,
        "recipe_given": master.recipe_given,
        "recipe_digest": master.recipe_digest,
        "engine_version": master.engine_version,
        "measurements": master.measurements,
        "listen_index": master.listen_index,
        "bytes": master.bytes,
        "created_at": master.created_at.isoformat(),
        "ready_at": master.ready_at.isoformat() if master.ready_at else None,
    }


def master_in_full(master: Master) -> dict[str, Any]:
    """A version with all that acted on it."""
    return master_json(master) | {
        "intent": master.intent,
        "references": master.references,
        "recipe": master.recipe,
        "decisions": master.decisions,
        "shortfalls": master.shortfalls,
    }


def author_json(author: User | None) -> dict[str, Any] | None:
    """Who made a version: None is the assistant."""
    return None if author is None else {"id": str(author.pk), "display_name": author.display_name}


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": str(delivery.pk),
        "master_id": str(delivery.master_id),
        "format": delivery.format,
        "bits": delivery.bits,
        "state": delivery.state,
        "error": delivery.error,
        "notes": delivery.notes,
        "filename": delivery.filename,
        "bytes": delivery.bytes,
        "sha256": delivery.sha256,
        "created_at": delivery.created_at.isoformat(),
    }


def job_json(job: Job) -> dict[str, Any]:
    """A job as the API shows it."""
    return {
        "id": str(job.pk),
        "kind": job.kind,
        "song_id": str(job.song_id),
        "audio_id": str(job.audio_id) if job.audio_id else None,
        "master_id": str(job.master_id) if job.master_id else None,
        "delivery_id": str(job.delivery_id) if job.delivery_id else None,
        "state": job.state,
        "stage": job.stage,
        "done": job.done,
        "attempts": job.attempts,
        "error": job.error,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }
