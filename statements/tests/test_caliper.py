"""POST /caliper."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from engagement.models import AssessmentResult, VideoProgress
from intake.models import Event
from statements.models import CaliperEvent, Pattern

pytestmark = pytest.mark.django_db

V1P2 = "http://purl.imsglobal.org/ctx/caliper/v1p2"
V1P1 = "http://purl.imsglobal.org/ctx/caliper/v1p1"
SECTION = {
    "id": "https://example.edu/courses/7/sections/1",
    "type": "CourseSection",
    "subOrganizationOf": {"id": "https://example.edu/courses/7", "type": "CourseOffering"},
}
Raw = dict[str, Any]


def caliper(type_: str, action: str, done: Any, key: str = "1", **more: Any) -> Raw:
    return {
        "@context": V1P2,
        "id": f"urn:uuid:{key}",
        "type": type_,
        "actor": {"id": "https://example.edu/users/ada", "type": "Person"},
        "action": action,
        "object": done,
        "eventTime": "2026-01-06T12:00:00.000Z",
        "group": SECTION,
        **more,
    }


def viewed(key: str = "1", **more: Any) -> Raw:
    page = {"id": "https://example.edu/pages/2", "type": "Page"}
    return caliper("ViewEvent", "Viewed", page, key, **more)


def graded(given: float, key: str = "1") -> Raw:
    attempt = {
        "id": "https://example.edu/assess/1/attempts/1",
        "type": "Attempt",
        "assignee": {"id": "https://example.edu/users/ada", "type": "Person"},
        "assignable": "https://example.edu/assess/1",
        "count": 1,
    }
    score = {
        "id": "https://example.edu/scores/1",
        "type": "Score",
        "maxScore": 15.0,
        "scoreGiven": given,
    }
    robot = {"id": "https://example.edu/autograder", "type": "SoftwareApplication"}
    return caliper("GradeEvent", "Graded", attempt, key, actor=robot, generated=score)


def media(action: str, at: str, key: str, moment: str) -> Raw:
    film = {"id": "https://example.edu/film", "type": "VideoObject", "duration": "PT2M"}
    place = {"id": f"https://example.edu/film?t={at}", "type": "MediaLocation", "currentTime": at}
    return caliper("MediaEvent", action, film, key, target=place, eventTime=moment)


def envelope(*items: Any, **more: Any) -> Raw:
    return {
        "sensor": "https://example.edu/sensors/1",
        "sendTime": "2026-01-06T12:00:01.000Z",
        "dataVersion": V1P2,
        "data": list(items),
        **more,
    }


class Sensor:
    """A sender with an API key, over HTTP."""

    def __init__(self, *scopes: str, **rights: Any) -> None:
        rights = {"creates_unknown": True, **rights}
        chosen = scopes or (ApiKey.Scope.EVENTS_WRITE,)
        _, self.secret = create_api_key("sensor", chosen, **rights)

    def send(self, body: Any, path: str = "/caliper") -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.secret}"}
        return Client().post(path, raw, content_type="application/json", headers=headers)


@pytest.fixture
def sensor() -> Sensor:
    return Sensor()


def test_an_event_is_stored_as_it_was_sent_and_interpreted(sensor: Sensor) -> None:
    answer = sensor.send(envelope(viewed()))

    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    assert json.loads(CaliperEvent.objects.get().body) == viewed()
    event = Event.objects.get(kind="content.viewed")
    assert (event.course_key, event.run_key) == (
        "example.edu/courses/7",
        "example.edu/courses/7/sections/1",
    )


def test_the_address_may_end_with_a_slash(sensor: Sensor) -> None:
    assert sensor.send(envelope(viewed()), "/caliper/").status_code == 200


def test_an_envelope_sent_again_counts_once(sensor: Sensor) -> None:
    sensor.send(envelope(viewed()))
    again = sensor.send(envelope(viewed(), viewed()))

    assert again.json()["duplicate"] == 2
    assert Pattern.objects.get().count == 1
    assert Event.objects.filter(kind="content.viewed").count() == 1


def test_another_event_under_a_known_id_is_refused_and_kept(sensor: Sensor) -> None:
    sensor.send(envelope(viewed()))
    answer = sensor.send(envelope(viewed(eventTime="2026-01-07T12:00:00Z")))

    assert answer.status_code == 422
    assert answer.json()["events"][0]["field"] == "data[0].id"
    assert CaliperEvent.objects.filter(status="refused").count() == 1


def test_a_grade_is_that_of_the_assignee_at_the_assessment(sensor: Sensor) -> None:
    sensor.send(envelope(graded(12)))
    result = AssessmentResult.objects.get()

    assert result.score == 0.8
    assert result.assessment.key == "example.edu/assess/1"


def test_a_video_was_watched_between_play_and_pause(sensor: Sensor) -> None:
    sensor.send(
        envelope(
            media("Started", "PT0S", "1", "2026-01-06T12:00:00Z"),
            media("Paused", "PT1M30S", "2", "2026-01-06T12:01:30Z"),
        )
    )

    assert VideoProgress.objects.get().watched_seconds == 90


def test_a_wrong_event_does_not_affect_the_others(sensor: Sensor) -> None:
    wrong = {name: value for name, value in viewed("2").items() if name != "eventTime"}
    answer = sensor.send(envelope(viewed("1"), wrong, "text", viewed("3"))).json()

    assert [one["status"] for one in answer["events"]] == [
        "accepted",
        "refused",
        "refused",
        "accepted",
    ]
    assert answer["events"][1]["field"] == "data[1].eventTime"
    assert CaliperEvent.objects.count() == 4


def test_the_description_of_a_person_is_stored_and_means_nothing(sensor: Sensor) -> None:
    sensor.send(
        envelope({"@context": V1P2, "id": "https://example.edu/users/ada", "type": "Person"})
    )

    assert CaliperEvent.objects.get().status == "entity"
    assert not Pattern.objects.exists()


def test_an_instructor_is_no_learner(sensor: Sensor) -> None:
    membership = {"id": "https://example.edu/m/1", "type": "Membership", "roles": ["Instructor"]}
    sensor.send(envelope(viewed(membership=membership)))

    assert Pattern.objects.get().lacks == "learner"


@pytest.mark.parametrize("missing", ["sensor", "sendTime", "dataVersion", "data"])
def test_an_incomplete_envelope_names_what_is_missing(sensor: Sensor, missing: str) -> None:
    answer = sensor.send({name: one for name, one in envelope(viewed()).items() if name != missing})

    assert answer.status_code == 400
    assert answer.json() == {
        "code": "bad_envelope",
        "detail": f"{missing}: is missing from the envelope.",
        "field": missing,
    }


def test_another_version_is_refused_with_the_one_that_would_be_right(sensor: Sensor) -> None:
    answer = sensor.send(envelope(viewed(), dataVersion=V1P1))

    assert (answer.status_code, answer.json()["code"]) == (422, "unsupported_version")
    assert answer.json()["field"] == "dataVersion"
    assert V1P2 in answer.json()["detail"]
    assert not CaliperEvent.objects.exists()


def test_version_1_1_is_accepted_where_a_setting_says_so(
    sensor: Sensor, settings: Settings
) -> None:
    settings.KPI_CALIPER_VERSIONS = ["1.1", "1.2"]
    old = viewed() | {"@context": V1P1}

    assert sensor.send(envelope(old, dataVersion=V1P1)).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sensor": 7}, "sensor"),
        ({"sendTime": "yesterday"}, "sendTime"),
        ({"dataVersion": ["x"]}, "dataVersion"),
        ({"data": []}, "data"),
        ({"data": {}}, "data"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_envelope_names_its_place(sensor: Sensor, change: Raw, field: str) -> None:
    answer = sensor.send(envelope(viewed()) | change)

    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[1, 2]", b"\xff", b"null"])
def test_what_is_no_envelope_gets_an_error(sensor: Sensor, body: bytes) -> None:
    answer = sensor.send(body)

    assert answer.status_code == 400
    assert set(answer.json()) >= {"code", "detail"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"@context": "http://example.org"}, "@context"),
        ({"id": 5}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"actor": {"type": "Person"}}, "actor.id"),
        ({"object": []}, "object"),
        ({"eventTime": "2026-01-06"}, "eventTime"),
        ({"action": {"a": 1}}, "action"),
    ],
)
def test_a_wrong_event_names_its_place(sensor: Sensor, change: Raw, field: str) -> None:
    answer = sensor.send(envelope(viewed() | change))

    assert answer.status_code == 422
    assert answer.json()["events"][0]["field"] == f"data[0].{field}"


def test_an_event_of_an_unknown_type_is_kept_and_counted(sensor: Sensor) -> None:
    sensor.send(envelope(caliper("JugglingEvent", "Juggled", "https://example.edu/balls")))

    assert Pattern.objects.unmapped().get().verb == "JugglingEvent/Juggled"


def test_sending_takes_a_key_with_its_scope() -> None:
    assert Client().post("/caliper", b"{}", content_type="application/json").status_code == 401
    assert Sensor(ApiKey.Scope.KPIS_READ).send(envelope(viewed())).status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_envelope(
    sensor: Sensor, django_assert_max_num_queries: Any
) -> None:
    sensor.send(envelope(viewed("0")))
    with django_assert_max_num_queries(70):
        sensor.send(envelope(*(viewed(f"k{at}") for at in range(200))))

    assert CaliperEvent.objects.count() == 201
