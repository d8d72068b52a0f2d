"""The form of one event, and its check field by field with a reason for what is wrong."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.conf import settings
from django.utils.translation import gettext
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from core.external_keys import normalize_key
from intake.events.rejections import EventRejected, rejection, storable

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


@dataclass(slots=True)
class Envelope:
    """`{id, kind, occurred_at, learner, course, run?, module?, object?, value?, data?}`."""

    id: str
    kind: str
    occurred_at: datetime
    learner: str | None = None
    course: str | None = None
    run: str | None = None
    module: str | None = None
    object: str | None = None
    value: float | None = None
    data: dict[str, Any] = field(default_factory=dict)
    correction: str | None = None

    @property
    def identity(self) -> EventIdentity:
        return self.kind, self.id


@dataclass(slots=True)
class Retraction:
    """A request to delete a stored event, identified by kind and id; other fields are ignored."""

    id: str
    kind: str

    @property
    def identity(self) -> EventIdentity:
        return self.kind, self.id


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
KIND_PATTERN = r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$"
KindName = Annotated[str, Field(max_length=100, pattern=KIND_PATTERN)]


class SentEvent(BaseModel):
    """An event as its sender may write it; the errors say what is wrong."""

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


class SentRetraction(BaseModel):
    id: LongKey
    kind: KindName


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
            return Retraction(**dict(SentRetraction.model_validate(raw)))
        envelope = Envelope(**dict(SentEvent.model_validate(raw)))
    except ValidationError as error:
        raise rejection(error) from None
    for name in ("id", "learner", "course", "run", "module", "object"):
        _check_text(getattr(envelope, name) or "", name)
    _check_time(envelope.occurred_at, now)
    if envelope.data:
        _check_size_and_values(envelope.data)
    return envelope


def latest_allowed(now: datetime) -> datetime:
    return now + timedelta(minutes=settings.KPI_FUTURE_TOLERANCE_MINUTES)


def _json_type(raw: Any) -> str:
    names = {
        list: gettext("an array"),
        str: gettext("a string"),
        bool: gettext("a boolean"),
        type(None): "null",
    }
    return names.get(type(raw), gettext("a number"))


def _check_time(occurred_at: datetime, now: datetime) -> None:
    if occurred_at > latest_allowed(now):
        reason = gettext(
            "occurred_at: %(time)s is in the future; at most %(minutes)s minutes ahead are allowed."
        ) % {"time": occurred_at.isoformat(), "minutes": settings.KPI_FUTURE_TOLERANCE_MINUTES}
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
