from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class KeyValueFormatter(logging.Formatter):
    """Write a record as one line of key=value pairs, a traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"time={moment} level={record.levelname.lower()} logger={record.name}"
        line += f" message={_quoted(record.getMessage())}"
        if record.exc_info:
            line += f" error={_quoted(self.formatException(record.exc_info))}"
        return line


class VisitorsFault(logging.Filter):
    """Makes an error that a visitor caused a warning of one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        if record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def _quoted(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)
