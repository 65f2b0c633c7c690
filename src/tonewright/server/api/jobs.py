"""Work that was accepted: followed, stopped, tried again."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from tonewright.server.api.auth import actor
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.api.shapes import CONFLICTS, REFUSALS, JobOut
from tonewright.server.models import Job, Song
from tonewright.server.services import jobs
from tonewright.server.services.access import get, visible
from tonewright.server.services.shown import job_json

router = Router()


@router.get("", response={200: Page[JobOut], **REFUSALS}, operation_id="list_jobs")
def list_jobs(
    request: HttpRequest,
    paging: Query[Paging],
    song: UUID | None = None,
    state: Literal["queued", "running", "done", "failed", "cancelled"] | None = None,
) -> dict[str, Any]:
    """Jobs of the songs you work on, newest first. song, state: only those."""
    found = visible(actor(request), Job)
    if song is not None:
        found = found.filter(song=get(actor(request), Song, song))
    if state is not None:
        found = found.filter(state=state)
    return page(found, paging, job_json)


@router.get("/{job_id}", response={200: JobOut, **REFUSALS}, operation_id="get_job")
def get_job(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    return job_json(get(actor(request), Job, job_id))


@router.post("/{job_id}/cancel", response={200: JobOut, **REFUSALS}, operation_id="cancel_job")
def cancel_job(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    """Stop it. A running one is stopped within a second; what ended stays as it ended."""
    return job_json(jobs.cancel(get(actor(request), Job, job_id)))


@router.post("/{job_id}/retry", response={200: JobOut, **CONFLICTS}, operation_id="retry_job")
def retry_job(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    """Take up again what failed or was cancelled."""
    return job_json(jobs.retry(get(actor(request), Job, job_id)))
