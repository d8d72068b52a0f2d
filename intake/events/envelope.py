"""Check the form of one event, field by field; reject it with a code, a reason and the field."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.conf import settings
from django.utils.translation import gettext
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from core.external_keys import normalize_key
from core.lazy_text import LazyText
from intake.event_kinds import KINDS, EventKind
from intake.events.validation_messages import validation_message

MAX_DATA_DEPTH = 8
MAX_DATA_BYTES = 64 * 1024
EARLIEST_YEAR = 1990

# kind and id, which distinguish the events of one sender
EventIdentity = tuple[str, str]


@dataclass(frozen=True)
class UnreadableEvent:
    """Text that could not be read as JSON; it takes the place of its event in a batch."""

    text: str
    reason: str
    code: str = "not_json"


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


# pydantic would accept "1700000000" too
LOOKS_LIKE_A_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")


def _require_time(value: Any) -> Any:
    if not isinstance(value, str) or not LOOKS_LIKE_A_TIME.match(value):
        raise PydanticCustomError("moment", "time")
    return value


def _require_number(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise PydanticCustomError("number", "number")
    return value


def _null_as_empty(value: Any) -> Any:
    return {} if value is None else value


def _normalize(key: Any) -> Any:
    return normalize_key(key) if isinstance(key, str) else key


Time = Annotated[AwareDatetime, BeforeValidator(_require_time)]
Number = Annotated[float, BeforeValidator(_require_number), Field(allow_inf_nan=False)]
Key = Annotated[str, Field(min_length=1, max_length=100, strict=True)]
LongKey = Annotated[str, Field(min_length=1, max_length=200, strict=True)]
PersonKey = Annotated[LongKey, BeforeValidator(_normalize)]
KindName = Annotated[str, Field(max_length=100, pattern=r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$")]


class Envelope(BaseModel):
    """`{id, kind, occurred_at, learner, course, run?, module?, object?, value?, data?}`."""

    model_config = {"extra": "forbid"}

    id: LongKey
    kind: KindName
    occurred_at: Time
    learner: PersonKey | None = None
    course: Key | None = None
    run: Key | None = None
    module: Key | None = None
    object: LongKey | None = None
    value: Number | None = None
    data: Annotated[dict[str, Any], BeforeValidator(_null_as_empty)] = Field(default_factory=dict)
    correction: Literal["replace", "retract"] | None = None

    @property
    def identity(self) -> EventIdentity:
        return self.kind, self.id


class Retraction(BaseModel):
    """A request to delete a stored event, identified by kind and id; other fields are ignored."""

    id: LongKey
    kind: KindName

    @property
    def identity(self) -> EventIdentity:
        return self.kind, self.id


ENVELOPE = TypeAdapter(Envelope)


def open_event(raw: Any, *, now: datetime) -> Envelope | Retraction:
    """Check one raw event; raises EventRejected if its form is wrong."""
    if isinstance(raw, UnreadableEvent):
        raise EventRejected(raw.code, raw.reason)
    if not isinstance(raw, dict):
        raise EventRejected(
            "not_an_object",
            gettext("An event must be a JSON object, not %(type)s.") % {"type": _json_type(raw)},
        )
    try:
        if raw.get("correction") == "retract":
            return Retraction.model_validate(raw)
        envelope = ENVELOPE.validate_python(raw)
    except ValidationError as error:
        raise rejection(error) from None
    for name in ("id", "learner", "course", "run", "module", "object"):
        _check_text(getattr(envelope, name) or "", name)
    _check_time(envelope.occurred_at, now)
    if envelope.data:
        _check_size_and_values(envelope.data)
    return envelope


def check_data(envelope: Envelope) -> dict[str, Any]:
    """Check an event against its kind; return its data as they are stored.

    Raises EventRejected if a field that the kind requires is missing, or the data are invalid.
    """
    kind = KINDS[envelope.kind]
    _check_required(envelope, kind)
    try:
        data = kind.data.model_validate(envelope.data)
    except ValidationError as error:
        raise rejection(error, within="data") from None
    if kind.check and (wrong := kind.check(envelope.value, data, envelope.occurred_at)):
        field, sentence = wrong
        raise EventRejected("invalid", f"{field}: {sentence}", field)
    return data.model_dump(mode="json", exclude_unset=True)


def _check_required(envelope: Envelope, kind: EventKind) -> None:
    for name in ("module", "object", "value", "course", "learner"):
        if not getattr(kind, f"needs_{name}") or getattr(envelope, name) is not None:
            continue
        reason = gettext("%(field)s: required for %(kind)s.")
        if name == "learner" and "customer" in kind.data.model_fields:
            if envelope.data.get("customer"):
                continue
            reason = gettext("%(field)s: required for %(kind)s unless data.customer is given.")
        raise EventRejected("missing", reason % {"field": name, "kind": kind.name}, name)


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


def _json_type(raw: Any) -> str:
    names = {
        list: gettext("an array"),
        str: gettext("a string"),
        bool: gettext("a boolean"),
        type(None): "null",
    }
    return names.get(type(raw), gettext("a number"))


def _check_time(occurred_at: datetime, now: datetime) -> None:
    tolerance = settings.KPI_FUTURE_TOLERANCE_MINUTES
    if occurred_at > now + timedelta(minutes=tolerance):
        reason = gettext(
            "occurred_at: %(time)s is in the future; at most %(minutes)s minutes ahead are allowed."
        ) % {"time": occurred_at.isoformat(), "minutes": tolerance}
        raise EventRejected("in_future", reason, "occurred_at")
    if occurred_at.year < EARLIEST_YEAR:
        reason = gettext("occurred_at: the year %(year)s is before %(earliest)s.") % {
            "year": occurred_at.year,
            "earliest": EARLIEST_YEAR,
        }
        raise EventRejected("too_old", reason, "occurred_at")


def _check_size_and_values(data: dict[str, Any]) -> None:
    _check_value(data, 1)
    if len(json.dumps(data)) > MAX_DATA_BYTES:
        reason = gettext("data: is larger than %(size)s KiB of JSON.")
        raise EventRejected("too_large", reason % {"size": MAX_DATA_BYTES // 1024}, "data")


def _check_value(value: Any, depth: int) -> None:
    if depth > MAX_DATA_DEPTH:
        reason = gettext("data: is nested deeper than %(levels)s levels.")
        raise EventRejected("too_deep", reason % {"levels": MAX_DATA_DEPTH}, "data")
    if isinstance(value, float) and not math.isfinite(value):
        reason = gettext("data: %(value)s is not a valid JSON number.")
        raise EventRejected("invalid", reason % {"value": value}, "data")
    if isinstance(value, str):
        _check_text(value, "data")
    if isinstance(value, dict):
        for key, one in value.items():
            _check_value(key, depth)
            _check_value(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _check_value(one, depth + 1)


def _check_text(text: str, field: str) -> None:
    if "\x00" in text:
        reason = gettext("%(field)s: contains a NUL character.")
        raise EventRejected("invalid", reason % {"field": field}, field)
    if not text.isascii() and storable(text) != text:
        reason = gettext("%(field)s: contains half of a surrogate pair.")
        raise EventRejected("invalid", reason % {"field": field}, field)
