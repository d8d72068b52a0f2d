"""Check the form of whole batches: all events at once, and one by one those that stand out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import ConfigDict, Field, GetPydanticSchema, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import core_schema, to_json

from intake.events.envelope import (
    EARLIEST_YEAR,
    KIND_PATTERN,
    MAX_DATA_BYTES,
    MAX_DATA_DEPTH,
    Envelope,
    Retraction,
    latest_allowed,
    open_event,
)
from intake.events.rejections import EventRejected

T = TypeVar("T")
Opened: TypeAlias = Envelope | Retraction | EventRejected

# The types below accept less than those of SentEvent, and nothing that these would change.
WITHOUT_NUL = r"^[^\x00]*$"
Text = Annotated[str, Field(strict=True, pattern=WITHOUT_NUL)]
Key = Annotated[Text, Field(min_length=1, max_length=100)]
LongKey = Annotated[Text, Field(min_length=1, max_length=200)]
# in ASCII and without spaces, and without capitals if it may be an e-mail address
PersonKey = Annotated[
    str, Field(strict=True, min_length=1, max_length=200, pattern=r"^([!-?A-~]+|[!-@\[-~]+)$")
]
KindName = Annotated[str, Field(strict=True, max_length=100, pattern=KIND_PATTERN)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Time = Annotated[
    datetime,
    GetPydanticSchema(
        lambda _source, _handler: core_schema.chain_schema(
            [
                core_schema.str_schema(strict=True, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"),
                core_schema.datetime_schema(tz_constraint="aware"),
            ]
        )
    ),
]
Scalar = Text | Annotated[int, Field(strict=True)] | Number | Annotated[bool, Field(strict=True)]
Value: Any = Scalar | None
for _ in range(MAX_DATA_DEPTH - 2):
    Value = Annotated[
        Scalar | list[Value] | dict[Text, Value] | None, Field(union_mode="left_to_right")
    ]


@dataclass(slots=True, config=ConfigDict(extra="forbid"))
class UsualEnvelope(Envelope):
    id: LongKey
    kind: KindName
    occurred_at: Time
    learner: PersonKey | None = None
    course: Key | None = None
    run: Key | None = None
    module: Key | None = None
    object: LongKey | None = None
    value: Number | None = None
    data: dict[Text, Value] = Field(default_factory=dict)
    correction: Literal["replace"] | None = None


USUAL = TypeAdapter(list[UsualEnvelope])


def open_events(payloads: Sequence[Any], *, now: datetime) -> list[Opened]:
    """Check raw events; return each one opened, or why its form is wrong."""
    latest = latest_allowed(now)
    usual = {
        index: envelope
        for index, envelope in validate_together(USUAL, payloads).items()
        if envelope.occurred_at <= latest
        and envelope.occurred_at.year >= EARLIEST_YEAR
        and not (envelope.data and _may_be_large(envelope.data))
    }
    return [usual.get(index) or _open(one, now) for index, one in enumerate(payloads)]


def _open(payload: Any, now: datetime) -> Opened:
    try:
        return open_event(payload, now=now)
    except EventRejected as rejected:
        return rejected


def _may_be_large(data: dict[str, Any]) -> bool:
    # escapes and spaces, which count, make JSON at most eight times as long
    return len(to_json(data)) > MAX_DATA_BYTES // 8


def validate_together(adapter: TypeAdapter[list[T]], values: Sequence[Any]) -> dict[int, T]:
    """Return those of the values that are valid, by their index."""
    try:
        return dict(enumerate(adapter.validate_python(values)))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        wrong = {one["loc"][0] for one in details}
    right = [index for index in range(len(values)) if index not in wrong]
    return dict(
        zip(right, adapter.validate_python([values[index] for index in right]), strict=True)
    )
