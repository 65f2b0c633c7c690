"""Figures for whoever watches the service, in Prometheus' form at /metrics.

Requests are counted in this process. Jobs are read from the rows when the figures are asked for, and what workers have
done from their own rows, so one address tells of all of them.
"""

import ipaddress
from collections.abc import Iterator

from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import REGISTRY, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tonewright.server.models import Job, Upload, Worker

REQUESTS = Counter("tonewright_requests", "Answers by route, method and status.", ("route", "method", "status"))
LATENCY = Histogram(
    "tonewright_request_seconds",
    "From a request to the beginning of its answer.",
    ("route", "method"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
LISTENERS = Gauge("tonewright_listeners", "Open event streams.")


class FromRows(Collector):
    """What the rows tell, read when it is asked for."""

    def describe(self) -> list[Metric]:
        return []  # nothing is read at registration: there may be no tables yet

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("tonewright_jobs", "Jobs by kind and state.", labels=("kind", "state"))
        counts = Job.objects.values_list("kind", "state").annotate(count=Count("id")).order_by("kind", "state")
        for kind, state, count in counts:
            jobs.add_metric((kind, state), count)
        yield jobs
        oldest = Job.objects.filter(state=Job.State.QUEUED).aggregate(at=Min("created_at"))["at"]
        age_s = (timezone.now() - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily("tonewright_queue_age_seconds", "How long the oldest job waits.", value=age_s)
        sent = sum(Upload.objects.exclude(state=Upload.State.OPEN).values_list("bytes", flat=True))
        yield GaugeMetricFamily("tonewright_uploaded_bytes", "Of the uploads that are still known.", value=sent)
        yield from self._workers()

    def _workers(self) -> Iterator[Metric]:
        names = ("worker", "kind")
        ended = CounterMetricFamily("tonewright_worker_jobs", "Jobs that ended.", labels=(*names, "state"))
        spent = CounterMetricFamily("tonewright_work_seconds", "Time spent on jobs that were done.", labels=names)
        audio = CounterMetricFamily(
            "tonewright_worked_audio_seconds",
            "Length of the songs of those jobs; over work_seconds it is how many times faster than real time.",
            labels=names,
        )
        beat = GaugeMetricFamily(
            "tonewright_worker_beat_age_seconds", "Since a worker said it lives.", labels=("worker",)
        )
        for worker in Worker.objects.all():
            beat.add_metric((worker.executor,), (timezone.now() - worker.beat_at).total_seconds())
            for kind, totals in worker.totals.items():
                for state in ("done", "failed"):
                    ended.add_metric((worker.executor, kind, state), totals[state])
                spent.add_metric((worker.executor, kind), totals["seconds"])
                audio.add_metric((worker.executor, kind), totals["audio_s"])
        yield from (ended, spent, audio, beat)


disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY.register(FromRows())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures; to addresses of this machine and its own network only, since they tell how busy it is."""
    if not _is_near(request):
        return HttpResponseForbidden("Figures are told to this network only.\n", content_type="text/plain")
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _is_near(request: HttpRequest) -> bool:
    """Whether it came straight from a private address: what a proxy passes on comes from outside."""
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_private
    except ValueError:
        return False
