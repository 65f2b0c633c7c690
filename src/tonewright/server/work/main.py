"""A worker process: `python -m tonewright.server.work.main`, or `tonewright worker`, or a part of `tonewright serve`.

It carries jobs out, says that it lives, and looks after what was left behind. It may be killed at any moment; told to
stop, it does just that, and its jobs are taken up by whoever comes next.
"""

import argparse
import os
import shutil
import signal
import sys
import threading
from types import FrameType

import structlog

from tonewright.server.conf import conf
from tonewright.server.sound.limits import die_with_parent

log = structlog.get_logger()

_BEAT_S = 3.0
_LONGEST_WAIT_S = 30.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tonewright.server.work.main", description=__doc__)
    parser.add_argument("--parent", type=int, help="End with the process of this id.")
    parent = parser.parse_args(arguments).parent
    if parent is not None:
        die_with_parent(parent)
    from tonewright.server.ops.start import start_django

    start_django("worker")
    work()
    return 0


def work() -> None:
    """Be a worker until told to stop by SIGTERM or SIGINT."""
    from tonewright.server.services.jobs import on_queued
    from tonewright.server.work import durable, upkeep
    from tonewright.server.work.child import Children
    from tonewright.server.work.executors import Slot
    from tonewright.server.work.tasks import Carrier

    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)

    slots = conf().workers
    durable.migrate()
    with Slot() as slot:
        folder = conf().data / "work" / slot.executor
        shutil.rmtree(folder, ignore_errors=True)  # of whoever had this slot before and is gone
        children = Children(spares=slots)
        carrier = Carrier(folder, children, stop)
        slot.beat(slots, carrier.totals())
        on_queued(upkeep.queue)
        if slots:
            durable.launch(slot.executor, slots, carrier)
        log.info("worker.begun", executor=slot.executor, slots=slots)
        upkeep.start(stop, folder)
        wait_s = _BEAT_S
        while not stop.wait(wait_s):
            try:
                slot.beat(slots, carrier.totals())
                upkeep.look_after_jobs(slot)
                wait_s = _BEAT_S
            except Exception:
                # the database may be away for a while; jobs under way wait for it too
                log.exception("worker.look")
                wait_s = min(wait_s * 2.0, _LONGEST_WAIT_S)
        log.info("worker.ended", executor=slot.executor)
        children.close()
        shutil.rmtree(folder, ignore_errors=True)
        slot.leave()
    # threads that wait for what was killed would keep the process: nothing is left to tidy
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
