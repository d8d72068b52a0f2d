"""One event as a sender writes it: checked field by field, refused with the place and reason."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.conf import settings
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from core.external_keys import normalize_key
from intake.event_kinds import KINDS, EventKind

DEEPEST = 8
LARGEST_DATA = 64 * 1024
EARLIEST_YEAR = 1990


class EventRejected(Exception):  # noqa: N818 - it is an answer to the sender, not an error of ours
    """An event that cannot be taken: a code for machines, a sentence for people, the field."""

    def __init__(self, code: str, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = storable(reason[:500])[:500]
        self.field = storable(field[:100])[:100]


def storable(text: str) -> str:
    """The text with what no database takes (NUL, half a surrogate pair) written out."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


# pydantic would take "1700000000" too
LOOKS_LIKE_A_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")


def _moment_only(value: Any) -> Any:
    if not isinstance(value, str) or not LOOKS_LIKE_A_MOMENT.match(value):
        raise PydanticCustomError("moment", "should be a moment such as 2026-03-31T09:30:00Z")
    return value


def _number_only(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise PydanticCustomError("number", "should be a number")
    return value


def _nothing_as_empty(value: Any) -> Any:
    return {} if value is None else value


Moment = Annotated[AwareDatetime, BeforeValidator(_moment_only)]
Number = Annotated[float, BeforeValidator(_number_only), Field(allow_inf_nan=False)]
Key = Annotated[str, Field(min_length=1, max_length=100, strict=True)]
LongKey = Annotated[str, Field(min_length=1, max_length=200, strict=True)]


KindName = Annotated[str, Field(max_length=100, pattern=r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$")]


def _one_spelling(key: Any) -> Any:
    return normalize_key(key) if isinstance(key, str) else key


PersonKey = Annotated[LongKey, BeforeValidator(_one_spelling)]


class Envelope(BaseModel):
    """`{id, kind, occurred_at, learner, course, run?, module?, object?, value?, data?}`."""

    model_config = {"extra": "forbid"}

    id: LongKey
    kind: KindName
    occurred_at: Moment
    learner: PersonKey | None = None
    course: Key | None = None
    run: Key | None = None
    module: Key | None = None
    object: LongKey | None = None
    value: Number | None = None
    data: Annotated[dict[str, Any], BeforeValidator(_nothing_as_empty)] = Field(
        default_factory=dict
    )
    correction: Literal["replace", "retract"] | None = None


class Retraction(BaseModel):
    """An event to be taken back: its kind and id say which, whatever else stands there."""

    id: LongKey
    kind: KindName


ENVELOPE = TypeAdapter(Envelope)


def open_envelope(raw: Any, *, now: datetime) -> Envelope:
    """Check one event's form; EventRejected says what is wrong, where, and what would be right."""
    if not isinstance(raw, dict):
        raise EventRejected("not_an_object", f"An event is a JSON object, not {_kind_of(raw)}.")
    try:
        envelope = ENVELOPE.validate_python(raw)
    except ValidationError as error:
        raise rejection(error) from None
    _check_words(envelope)
    _check_time(envelope.occurred_at, now)
    if envelope.data:
        _check_data(envelope.data)
    return envelope


def is_retraction(raw: Any) -> bool:
    return isinstance(raw, dict) and raw.get("correction") == "retract"


def open_retraction(raw: Any) -> Retraction:
    try:
        return Retraction.model_validate(raw)
    except ValidationError as error:
        raise rejection(error) from None


def check_data(envelope: Envelope) -> dict[str, Any]:
    """The event's data in the form of its kind, with what is left out filled in."""
    kind = KINDS[envelope.kind]
    for name in ("module", "object", "value"):
        if getattr(kind, f"needs_{name}") and getattr(envelope, name) is None:
            raise EventRejected("missing", f"{name}: an event {kind.name} needs it.", name)
    _check_people(envelope, kind)
    try:
        data = kind.data.model_validate(envelope.data)
    except ValidationError as error:
        raise rejection(error, within="data") from None
    if kind.check and (wrong := kind.check(envelope.value, data, envelope.occurred_at)):
        field, sentence = wrong
        raise EventRejected("invalid", f"{field}: {sentence}", field)
    return data.model_dump(mode="json", exclude_unset=True)


def _check_people(envelope: Envelope, kind: EventKind) -> None:
    if kind.needs_course and envelope.course is None:
        raise EventRejected("missing", f"course: an event {kind.name} needs it.", "course")
    if kind.needs_learner and envelope.learner is None and not envelope.data.get("customer"):
        or_else = ", or data.customer" if "customer" in kind.data.model_fields else ""
        raise EventRejected(
            "missing", f"learner: an event {kind.name} needs it{or_else}.", "learner"
        )


def rejection(error: ValidationError, within: str = "") -> EventRejected:
    first: ErrorDetails = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in ((within,) if within else ()) + first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    message = f"{field}: {message[:1].lower()}{message[1:]}".removeprefix(": ")
    if first["type"] == "missing":
        return EventRejected("missing", f"{field}: is needed and missing.", field)
    if first["type"] == "extra_forbidden":
        return EventRejected("unknown_field", f"{field}: there is no such field.", field)
    return EventRejected("invalid", f"{message}; it is {shown_value(first['input'])}.", field)


def shown_value(value: Any) -> str:
    """The value as its sender wrote it, short."""
    value = value[:60] if isinstance(value, str | list) else value
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"{text[:60]}…" if len(text) > 60 else text


def _kind_of(raw: Any) -> str:
    names = {list: "an array", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(raw), "a number")


WORDS = ("id", "learner", "course", "run", "module", "object")


def _check_words(envelope: Envelope) -> None:
    for name in WORDS:
        if "\x00" in (getattr(envelope, name) or ""):
            raise EventRejected("invalid", f"{name}: holds a NUL character.", name)


def _check_time(occurred_at: datetime, now: datetime) -> None:
    tolerance = timedelta(minutes=settings.KPI_FUTURE_TOLERANCE_MINUTES)
    if occurred_at > now + tolerance:
        raise EventRejected(
            "in_future",
            f"occurred_at: {occurred_at.isoformat()} lies in the future; at most "
            f"{settings.KPI_FUTURE_TOLERANCE_MINUTES} minutes ahead are taken.",
            "occurred_at",
        )
    if occurred_at.year < EARLIEST_YEAR:
        raise EventRejected(
            "too_old",
            f"occurred_at: the year {occurred_at.year} is before {EARLIEST_YEAR}.",
            "occurred_at",
        )


def _check_data(data: dict[str, Any]) -> None:
    _check_value(data, 1)
    if len(json.dumps(data)) > LARGEST_DATA:
        raise EventRejected(
            "too_large", f"data: is larger than {LARGEST_DATA // 1024} KiB of JSON.", "data"
        )


def _check_value(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise EventRejected("too_deep", f"data: is nested deeper than {DEEPEST} levels.", "data")
    if isinstance(value, float) and not math.isfinite(value):
        raise EventRejected("invalid", f"data: {value} is no number of JSON.", "data")
    if isinstance(value, str):
        _check_text(value)
    if isinstance(value, dict):
        for key, one in value.items():
            _check_value(key, depth)
            _check_value(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _check_value(one, depth + 1)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise EventRejected("invalid", "data: holds a NUL character.", "data")
    if not text.isascii() and storable(text) != text:
        raise EventRejected("invalid", "data: holds half a surrogate pair.", "data")
