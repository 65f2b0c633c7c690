"""The log: one line an event on standard error, as text for people or JSON for machines.

What happens for a request or a job carries its id, and those of the user and song where they are known.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict

from tonewright.server.conf import conf

#: Told by others, about each request or each poll, in too many words.
_QUIETER = ("uvicorn.access", "httpx", "httpcore", "asyncio", "dbos", "django.request", "allauth")


def configure(process: str) -> None:
    """Send everything that this process logs, whoever logs it, through one form. process: its name in each line."""
    as_json = conf().log_format == "json"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        # without the values of variables: there may be passwords among them
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        last += [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]
    else:
        plain = structlog.dev.plain_traceback
        last += [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]

    def name_process(_: Any, __: str, event: EventDict) -> EventDict:
        # threads begin without the context of the one that configured
        event.setdefault("process", process)
        return event

    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[name_process, *last])
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIETER:
        logging.getLogger(name).setLevel(logging.WARNING)
