"""The compiled check of usual statements never accepts what the explaining one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from xapi.tests.lrs import ADA, SAW, statement
from xapi.tests.test_bad_statements import BAD
from xapi.validation.statements import statement_check
from xapi.validation.usual import is_usual
from xapi.validation.wrong import Wrong

VERSIONS = ("1.0.3", "2.0.0")
UUID = "6690e6c9-3ef0-4ed3-8b37-7f3964730bee"
PAGE: dict[str, Any] = {
    "objectType": "Activity",
    "id": "https://course.example/page",
    "definition": {
        "type": "https://types.example/page",
        "name": {"en-US": "Page"},
        "extensions": {"https://e.example/1": [1, {"a": None}]},
    },
}
USUAL: dict[str, Any] = {
    "id": UUID,
    "actor": {
        "objectType": "Agent", "name": "Ada",
        "account": {"homePage": "https://lms.example", "name": "7"},
    },
    "verb": SAW | {"display": {"en": "saw"}},
    "object": PAGE,
    "result": {
        "score": {"scaled": 0.8, "raw": 8, "min": 0, "max": 10},
        "success": True,
        "completion": False,
        "response": "42",
        "duration": "PT1M3.5S",
        "extensions": {"https://e.example/2": 1},
    },
    "context": {
        "registration": UUID,
        "instructor": ADA,
        "platform": "lms",
        "revision": "2",
        "language": "pt-BR",
        "contextActivities": {"parent": [PAGE], "grouping": [{"id": "https://course.example"}]},
        "extensions": {"https://e.example/3": "x"},
    },
    "timestamp": "2026-03-01T10:00:00.5+01:00",
    "version": "1.0.0",
}  # fmt: skip
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1.5, 10**30, float("inf"), [], {}, [1], {"a": 1}),
    *("", " ", "x", "1", "\ud800"),
    *("x\n", "a:b\n", "a:\u00a0", "a:\u001c", "a:" + "é" * 999, "a:" + "x" * 1999, "\0", "A:b"),
    *(f"{UUID}\n", UUID.upper(), "٣" * 8, "en\n", "EN-us", "x-y", "i-klingon"),
    *("PT", "P1D", "PT1H", "PT1.5M", "PT٣S", "PT1S\n", "PT1.S", "PT.1S", "P1W"),
    *("2026-02-30T10:00:00Z", "2026-03-01T10:00:00", "2026-03-01T24:00:00Z", "2026-03-01"),
    *("2026-03-01T10:00:00-00:00", "2026-03-01T10:00:00Z\n", "٢026-03-01T10:00:00Z"),
    *("1.0", "1.0.99", "1.0.٣", "2.0.0", "1.0.0\n", "mailto:a@b", "mailto:a@b@c", "mailto:@b"),
    *("Agent", "Group", "Activity", "GroupActivity", ADA, PAGE, [PAGE], [ADA]),
    {"id": "http://adlnet.gov/expapi/verbs/voided"},
    {"objectType": "StatementRef", "id": UUID},
    *({"scaled": 2}, {"min": 2, "max": 1}, {"raw": 3, "max": 2}, {"raw": 0, "min": 1}),
)  # fmt: skip


def changed(value: Any) -> Iterator[Any]:
    """Yield a value with each of its parts replaced, removed or joined by one that is odd."""
    yield from ODD
    if isinstance(value, dict):
        for name, inner in value.items():
            others = {key: one for key, one in value.items() if key != name}
            yield others
            yield others | {name.upper(): inner}
            yield from (value | {name: one} for one in changed(inner))
        yield from (value | {name: one} for name in ("mbox", "extra", "é") for one in ODD)
    if isinstance(value, list):
        yield from ([one] for one in changed(value[0]))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_usual_is_valid(version: str) -> None:
    check = statement_check(version)
    usual = [one for one in changed(USUAL) if is_usual(one, version)]

    for one in usual:
        check(one)
    assert len(usual) > 300


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_usual_is_taken_at_once(version: str) -> None:
    assert is_usual(USUAL, version)
    assert is_usual(statement(), version)


@pytest.mark.parametrize(("changes", "place", "words"), BAD)
def test_what_is_wrong_is_not_usual(changes: dict[str, Any], place: str, words: str) -> None:
    assert not is_usual(USUAL | changes, "1.0.3"), (place, words)


def test_what_is_not_usual_may_be_valid() -> None:
    rare = statement(actor={"objectType": "Group", "member": [ADA]})

    assert not is_usual(rare, "1.0.3")
    statement_check("1.0.3")(rare)
    with pytest.raises(Wrong):
        statement_check("1.0.3")(statement(actor={"objectType": "Group"}))
