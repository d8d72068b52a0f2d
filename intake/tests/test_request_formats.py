"""Which bodies of requests are accepted."""

from __future__ import annotations

import json

import pytest
from django.test import override_settings

from intake.tests.lms import LINES, Lms, event, school

pytestmark = pytest.mark.django_db

ONE, TWO = json.dumps(event("e1")).encode(), json.dumps(event("e2")).encode()
PRETTY = json.dumps([event("e1"), event("e2")], indent=2).encode()


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


@pytest.mark.parametrize(
    ("body", "content_type", "accepted"),
    [
        (ONE, "application/json", 1),
        (ONE, "", 1),
        (json.dumps(event(data={"a": {}}, kind="x.y"), indent=1).encode(), "application/json", 1),
        (b'{"data": {}\n, ' + ONE[1:], "application/json", 1),
        (b"[" + ONE + b"," + TWO + b"]", "application/json", 2),
        (PRETTY, "application/json; charset=utf-8", 2),
        (ONE + b"\n" + TWO, LINES, 2),
        (ONE + b"\r\n\r\n" + TWO + b"\r\n", LINES, 2),
        (ONE + b"\n" + TWO, "application/json", 2),
        (ONE, LINES, 1),
        (b"\xef\xbb\xbf" + PRETTY, "application/json", 2),
        (b"\xef\xbb\xbf" + ONE + b"\n" + TWO, LINES, 2),
    ],
)
def test_every_form_of_body_is_accepted(body: bytes, content_type: str, accepted: int) -> None:
    answer = Lms().post(body, content_type)

    assert answer.status_code == 200, answer.content
    assert answer.json()["accepted"] == accepted


@pytest.mark.parametrize("body", [b"", b"  \n", b"\xef\xbb\xbf", b"[]"])
def test_an_empty_body_is_rejected(body: bytes) -> None:
    answer = Lms().post(body)

    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_body"
    assert "empty" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"id": ', "line 1 column 7"),
        (b'[{"id": "e1"},\n {"id": x}]', "line 2 column 9"),
        (b"nonsense", "line 1 column 2"),
        ('["é"]'.encode("latin-1"), "line 1 column 3"),
        (json.dumps(event()).encode("utf-16"), "line 1 column 1"),
        (b"[" * 100_000 + b"]" * 100_000, "recursion limit exceeded"),
        (b'["\\ud800",' + b"[" * 500 + b"]" * 501, "hex escape"),
    ],
)
def test_broken_json_is_rejected_with_its_position(body: bytes, place: str) -> None:
    answer = Lms().post(body)

    assert answer.status_code == 400
    assert place in answer.json()["detail"]


def test_a_broken_line_does_not_affect_other_lines() -> None:
    answer = Lms().post(ONE + b'\n{"id": oops}\n' + TWO, LINES)

    assert answer.status_code == 200
    first, broken, last = answer.json()["events"]
    assert (first["status"], last["status"]) == ("accepted", "accepted")
    assert broken["code"] == "not_json"
    assert broken["reason"].startswith("Line 2 is not valid JSON: expected value")


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("application/json; charset=latin-1", {}),
        ("application/json; charset=utf-16", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
    ],
)
def test_a_body_that_is_not_plain_utf_8_is_rejected(
    content_type: str, headers: dict[str, str]
) -> None:
    answer = Lms().post(ONE, content_type, **headers)

    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported"


@override_settings(KPI_MAX_BATCH=2)
def test_a_batch_with_too_many_events_is_rejected_as_a_whole() -> None:
    answer = Lms().post([event(f"e{at}") for at in range(3)])

    assert answer.status_code == 413
    assert answer.json()["detail"] == "The batch has 3 events; the maximum is 2."


@override_settings(KPI_MAX_BODY_MB=1)
def test_a_body_that_is_too_large_is_rejected() -> None:
    answer = Lms().post(b" " * (1024 * 1024 + 1))

    assert answer.status_code == 413
    assert answer.json()["detail"] == "The body is larger than 1 MB; split it."


def test_one_rejected_event_alone_answers_422() -> None:
    assert Lms().post(event(learner="cleo")).status_code == 422


def test_an_accepted_event_beside_a_rejected_one_answers_200() -> None:
    answer = Lms().post([event("e1"), event("e2", learner="cleo")])

    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 1)
