"""The formats of log lines: key=value pairs for people, JSON for programs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from core import request_ids


class KeyValueFormatter(logging.Formatter):
    """Format a record, including its traceback, as one line of key=value pairs."""

    def format(self, record: logging.LogRecord) -> str:
        pairs = _fields(record, self).items()
        return " ".join(
            f"{key}={value if key in PLAIN or not isinstance(value, str) else _quoted(value)}"
            for key, value in pairs
        )


class JsonFormatter(logging.Formatter):
    """Format a record, including its traceback, as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_fields(record, self), ensure_ascii=False, default=str)


class ClientErrorFilter(logging.Filter):
    """Reduce an error that a visitor caused to a warning without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        if record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


PLAIN = {"time", "level", "logger", "request"}


def _fields(record: logging.LogRecord, formatter: logging.Formatter) -> dict[str, Any]:
    """Return what a line says; `extra={"fields": …}` of a log call adds its own."""
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    found: dict[str, Any] = {
        "time": moment,
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    if request_id := request_ids.current():
        found["request"] = request_id
    found |= getattr(record, "fields", {})
    if record.exc_info:
        found["error"] = formatter.formatException(record.exc_info)
    return found


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
