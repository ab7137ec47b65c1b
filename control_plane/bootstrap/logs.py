"""Logs: JSON lines on standard error, constant event names, and nothing in them that could be secret or personal."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

MASK = "[masked]"
LONGEST = 400
_FORBIDDEN = frozenset(
    {"authorization", "body", "cookie", "csr", "email", "note", "password", "proof", "report", "secret", "token"}
)
_MASKED = re.compile(
    r"bw[a-z]?_[A-Za-z0-9_-]{6,}"  # keys, invitations, sign-in links, tokens
    r"|(?<=://)[^\s/@]+:[^\s/@]+(?=@)"  # user:password in an address
    r"|(?i:bearer\s+\S+)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*"
    r"|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"
)


def redact(_: object, __: str, event: MutableMapping[str, object]) -> EventDict:
    """A structlog processor: forbidden fields are masked, values cut, and what looks secret or personal replaced."""
    return {
        name: MASK if name.lower() in _FORBIDDEN else _plain(value, 4000 if name == "exception" else LONGEST)
        for name, value in event.items()
    }


def _plain(value: object, longest: int) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, longest) for item in list(value)[:32]]
    return _MASKED.sub(MASK, str(value))[:longest]


def configure(process: str, stream: TextIO = sys.stderr) -> structlog.stdlib.BoundLogger:
    """Set the format for this process, other libraries' loggers included, and give its logger."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(sort_keys=True),
    ]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared[:3],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared[3:]],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger().bind(process=process))
