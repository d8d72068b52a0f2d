"""What is refused, with the place and what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from xapi.models import Statement
from xapi.tests.lrs import ADA, BO, PAGE, SAW, Store, reference, statement

GROUP = {"objectType": "Group", "mbox": "mailto:team@example.com"}


def definition(**fields: Any) -> dict[str, Any]:
    return {"object": PAGE | {"definition": fields}}


def sub(**changes: Any) -> dict[str, Any]:
    return {"object": {"objectType": "SubStatement", **statement(**changes)}}


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"actor": None}, "actor", "must be an object."),
    ({"actor": {}}, "actor", "needs exactly one of mbox"),
    ({"actor": ADA | {"openid": "https://ada.example"}}, "actor", "has mbox and openid"),
    ({"actor": {"mbox": "ada@example.com"}}, "actor.mbox", "mailto:ada@example.com"),
    ({"actor": {"mbox_sha1sum": "12"}}, "actor.mbox_sha1sum", "40 hexadecimal digits"),
    ({"actor": {"account": {"name": "ada"}}}, "actor.account", '"homePage"'),
    ({"actor": {"account": {"homePage": "https://a.example", "name": "a\0"}}},
     "actor.account.name", "null character"),
    ({"actor": {"objectType": "Group"}}, "actor", '"member"'),
    ({"actor": GROUP | {"member": [GROUP]}}, "actor.member[0].objectType", "must be Agent"),
    ({"verb": {}}, "verb", '"id"'),
    ({"verb": {"id": "saw"}}, "verb.id", "IRI with its scheme"),
    ({"verb": SAW | {"display": {"a12345": "x"}}}, "verb.display.a12345", "RFC 5646"),
    ({"verb": SAW | {"Display": {}}}, "verb.Display", 'must be written "display"'),
    ({"verb": {"id": "https://v.example/" + "v" * 2000}}, "verb.id", "longer than 2,000 bytes"),
    ({"object": PAGE | {"objectType": "activity"}}, "object.objectType", "Activity, Agent"),
    ({"object": PAGE | {"objectType": "GroupActivity"}}, "object.objectType", "Activity, Agent"),
    (definition(interactionType="guess"), "object.definition.interactionType", "true-false or"),
    (definition(choices=[]), "object.definition", '"interactionType"'),
    (definition(interactionType="likert", choices=[]), "object.definition.choices", "likert"),
    (definition(interactionType="choice", choices=[{"id": "a"}, {"id": "a"}]),
     "object.definition.choices[1].id", "earlier component"),
    (definition(extensions={"no": 1}), "object.definition.extensions.no", "IRI"),
    ({"result": {"score": {"scaled": 1.1}}}, "result.score.scaled", "from -1 to 1"),
    ({"result": {"score": {"raw": 5, "max": 4}}}, "result.score.raw", "more than max"),
    ({"result": {"score": {"min": 5, "max": 4}}}, "result.score.min", "less than max"),
    ({"result": {"success": 1}}, "result.success", "true or false"),
    ({"result": {"duration": "PT"}}, "result.duration", "PT1H30M"),
    ({"result": {"duration": "1:30"}}, "result.duration", "PT1H30M"),
    ({"context": {"registration": "12"}}, "context.registration", "UUID"),
    ({"context": {"language": "english (US)"}}, "context.language", "RFC 5646"),
    ({"context": {"contextActivities": {"parent": [PAGE, 1]}}},
     "context.contextActivities.parent[1]", "must be an object"),
    ({"object": ADA | {"objectType": "Agent"}, "context": {"platform": "web"}},
     "context.platform", "when the object is an activity"),
    ({"timestamp": "2026-02-30T10:00:00Z"}, "timestamp", "calendar"),
    ({"timestamp": "2026-03-01"}, "timestamp", "2026-03-01T09:30:00Z"),
    ({"timestamp": "2026-03-01T10:00:00-00:00"}, "timestamp", "write Z"),
    ({"id": "12"}, "id", "UUID"),
    ({"version": "2.0.0"}, "version", "1.0.0"),
    ({"authority": GROUP | {"member": [ADA]}}, "authority", "must not have an identifier"),
    ({"attachments": [{}]}, "attachments[0]", '"usageType"'),
    ({"verb": {"id": "http://adlnet.gov/expapi/verbs/voided"}}, "object", "StatementRef"),
    (sub() | {"object": sub()["object"] | {"id": "x"}}, "object.id", "no property"),
    (sub(**sub()), "object.object.objectType", "Activity, Agent, Group, StatementRef"),
    (sub(object=reference(1) | {"id": "1"}), "object.object.id", "UUID"),
    ({"extra": 1}, "extra", "no property of the specification"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "place", "words"), BAD)
def test_a_bad_statement_is_refused_with_its_place(
    store: Store, changes: dict[str, Any], place: str, words: str
) -> None:
    answer = store.post(statement(), statement(**changes))

    assert answer.status_code == 400
    assert answer.json()["field"] == f"statements[1].{place}"
    assert words in answer.json()["detail"]
    assert not Statement.objects.exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b" ", "not valid JSON"),
        (b"[", "not valid JSON"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b"[{} {}]", "a comma or ] is missing at character 5"),
        (b"{} {}", "something follows at character 4"),
        (b'{"a": "\xff"}', "byte 8 is not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b"12", "statements[0]: must be an object."),
    ],
)
def test_a_body_that_is_no_json_is_refused(store: Store, body: bytes, words: str) -> None:
    answer = store.post_raw(body)

    assert answer.status_code == 400
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(
    "changes",
    [
        {"context": {"contextAgents": [{"objectType": "contextAgent", "agent": BO}]}},
        {"version": "2.0.0"},
    ],
)
def test_what_came_with_version_2_is_refused_before(store: Store, changes: dict[str, Any]) -> None:
    second = Store("second", version="2.0.0")

    assert store.post(statement(**changes)).status_code == 400
    assert second.post(statement(**changes)).status_code == 200


@pytest.mark.django_db
def test_version_2_needs_the_offset_of_a_timestamp() -> None:
    second = Store("second", version="2.0.0")

    assert second.post(statement(timestamp="2026-03-01T10:00:00")).status_code == 400
    assert Store().post(statement(timestamp="2026-03-01T10:00:00")).status_code == 200
