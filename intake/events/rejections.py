"""Why an event is not accepted: a code for programs, and a sentence for its sender."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.lazy_text import LazyText
from intake.events.validation_messages import validation_message


class EventRejected(Exception):  # noqa: N818 - an answer to the sender, not an error of ours
    """An event cannot be accepted.

    `code` is for programs, `reason` and `advice` (for senders by API) are sentences, `field` is
    the dotted name of the field. `is_format` is True when the value does not have the form that
    its field requires.
    """

    def __init__(
        self,
        code: str,
        reason: LazyText,
        field: str = "",
        *,
        advice: LazyText = "",
        is_format: bool = False,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.field = storable(field[:100])[:100]
        self.advice = advice
        self.is_format = is_format


def storable(text: str) -> str:
    """Escape what no database stores: NUL and half a surrogate pair."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


def missing(field: str) -> EventRejected:
    return EventRejected("missing", gettext("%(field)s: is required.") % {"field": field}, field)


def rejection(error: ValidationError, within: str = "") -> EventRejected:
    """Turn the first error of pydantic into the answer to the sender."""
    first: ErrorDetails = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in ((within,) if within else ()) + first["loc"])
    if first["type"] == "missing":
        return missing(field)
    if first["type"] == "extra_forbidden":
        return EventRejected(
            "unknown_field", gettext("%(field)s: unknown field.") % {"field": field}, field
        )
    message = f"{field}: {validation_message(first)}".removeprefix(": ")
    reason = gettext("%(problem)s; got %(value)s.") % {
        "problem": message,
        "value": shown_value(first["input"]),
    }
    # validators of ours raise ValueError with their own sentence
    return EventRejected("invalid", reason, field, is_format=first["type"] != "value_error")


def shown_value(value: Any) -> str:
    """Return the value as its sender wrote it, shortened."""
    value = value[:60] if isinstance(value, str | list) else value
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"{text[:60]}…" if len(text) > 60 else text
