"""Logs: JSON lines on standard error, constant event names, and nothing in them that could be secret or personal.

Rules, held by the processors below and by a test:

1. An event is a constant name; what varies is a field.
2. A field whose name speaks of content, people or secrets is never written, whatever its value.
3. A value that looks like a key, a token, a password in an address or an e-mail address is masked.
4. Only numbers, booleans, short texts and lists of those are written.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

FORBIDDEN = frozenset(
    {"authorization", "body", "content", "cookie", "email", "input", "key_secret", "message", "messages", "output"}
    | {
        "password",
        "person",
        "prompt",
        "safety_identifier",
        "salt",
        "secret",
        "subject",
        "text",
        "token",
        "user",
        "value",
    }
)
MASKED = re.compile(
    r"(?<=://)[^\s/@]+:[^\s/@]+(?=@)"  # user:password in an address; first, for a role's name looks like a key's start
    r"|bw_[A-Za-z0-9]+_[A-Za-z0-9_-]{6,}"  # API keys
    r"|bw[a-z]_[A-Za-z0-9_=-]{6,}"  # invitations and other tokens
    r"|(?i:bearer\s+\S+)"
    r"|AGE-SECRET-KEY-1[0-9A-Z]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*"
    r"|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"
)
MASK = "[masked]"
LONGEST = 400


def redact(_: object, __: str, event: MutableMapping[str, object]) -> EventDict:
    """The structlog processor that holds rules 2 to 4."""
    return {
        name: MASK if name.lower() in FORBIDDEN else (_plain(value) if name != "exception" else _plain(value, 4000))
        for name, value in event.items()
    }


def _plain(value: object, longest: int = LONGEST) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, longest) for item in list(value)[:32]]
    return MASKED.sub(MASK, str(value))[:longest]


def configure(process: str, region: str, stream: TextIO = sys.stderr) -> structlog.stdlib.BoundLogger:
    """Sets the format for this process, third-party loggers included, and gives its logger."""
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
    structlog.contextvars.bind_contextvars(process=process, region=region)
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger())
