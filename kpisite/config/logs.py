"""The format of log lines."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class KeyValueFormatter(logging.Formatter):
    """Format a record, including its traceback, as one line of key=value pairs."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"time={moment} level={record.levelname.lower()} logger={record.name}"
        line += f" message={_quoted(record.getMessage())}"
        if record.exc_info:
            line += f" error={_quoted(self.formatException(record.exc_info))}"
        return line


class ClientErrorFilter(logging.Filter):
    """Reduce an error that a visitor caused to a warning without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        if record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
