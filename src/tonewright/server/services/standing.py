"""How projects stand: their songs counted by what became of them, in one query however many projects there are."""

from typing import Any
from uuid import UUID

from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    Exists,
    F,
    FloatField,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Cast, Coalesce

from tonewright.server.models import Audio, Job, Master, Project, Song
from tonewright.server.services.jobs import OPEN
from tonewright.server.services.shown import project_json


def loaded(projects: QuerySet[Project]) -> QuerySet[Project]:
    """The same projects with all that project_json shows.

    A song is at work while a job of it is not finished; else it is ready once a version of it is; else it has failed
    where its mix was refused or a version failed.
    """
    at_work = Exists(Job.objects.filter(song=OuterRef("pk"), state__in=OPEN))
    ready = Exists(Master.objects.filter(song=OuterRef("pk"), state=Master.State.READY))
    broken = Exists(Master.objects.filter(song=OuterRef("pk"), state=Master.State.FAILED))
    refused = Q(mix__state=Audio.State.REFUSED)
    songs = Song.objects.filter(project=OuterRef("pk")).order_by()
    length_s = Cast(F("mix__frames"), FloatField()) / Cast(F("mix__rate_hz"), FloatField())
    count, whole, moment = Count("pk"), IntegerField(), DateTimeField()
    return projects.annotate(
        song_count=Coalesce(_of(songs, count, whole), 0),
        at_work_count=Coalesce(_of(songs.filter(at_work), count, whole), 0),
        ready_count=Coalesce(_of(songs.filter(ready).exclude(at_work), count, whole), 0),
        failed_count=Coalesce(_of(songs.filter(refused | broken).exclude(at_work | ready), count, whole), 0),
        duration_s=Coalesce(_of(songs, Sum(length_s), FloatField()), 0.0),
        song_changed_at=_of(songs, Max("changed_at"), moment),
        version_made_at=_of(songs, Max("masters__created_at"), moment),
    )


def shown(project_id: UUID) -> dict[str, Any]:
    """One project as it stands now."""
    return project_json(loaded(Project.objects.filter(pk=project_id)).get())


def _of(songs: QuerySet[Song], figure: Aggregate, kind: Any) -> Subquery:
    """A figure of one project's songs; null where there are none."""
    return Subquery(songs.values("project").annotate(figure=figure).values("figure"), output_field=kind)
