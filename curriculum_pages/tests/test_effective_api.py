from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, User
from accounts.reader import Reader, course_condition
from accounts.tests.people import account, course, learner, run_of
from curriculum import parameters
from curriculum.enrolling import SignUp, enroll
from curriculum.models import Course, CourseRun, Module, Parameter
from curriculum.parameters import ARMS, Arms, Question
from curriculum.tests.test_added_parameters import CALLS

pytestmark = pytest.mark.django_db

PATH = "/api/curriculum/parameters/effective"
PASS_MARK = "module.pass-mark"


@pytest.fixture
def run() -> CourseRun:
    made = run_of(course("py", modules=2))
    sign_up = SignUp(learner_id=learner("Ada").pk, run_id=made.pk, enrolled_at=timezone.now())
    enroll([sign_up])
    return made


def with_key(*scopes: str, courses: tuple[Course, ...] = ()) -> Client:
    _, secret = create_api_key("lms", scopes or ["curriculum:read"], courses=courses)
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def lms() -> Client:
    return with_key()


def values_of(client: Client, **asked: str) -> dict[str, dict[str, Any]]:
    response = client.get(PATH, asked)
    assert response.status_code == 200, response.content
    return {one["key"]: one for one in response.json()["parameters"]}


def set_pass_mark(value: str, *, at: datetime | None = None, **scope: Any) -> None:
    row = parameters.parameter_for(PASS_MARK, **scope)
    parameters.set_value(row, Decimal(value), reason="A test.", effective_from=at)


def first_module(run: CourseRun) -> Module:
    return run.course.modules.get(position=1)


@pytest.mark.usefixtures("run")
def test_the_answer_names_the_place_and_each_value(lms: Client) -> None:
    asked = {"course": "py", "run": "r1", "module": "m1", "learner": "ada"}
    answer = lms.get(PATH, asked).json()
    by_key = {one["key"]: one for one in answer["parameters"]}

    assert {name: answer[name] for name in asked} == asked
    assert by_key[PASS_MARK] == {
        "key": PASS_MARK,
        "name": "Pass mark",
        "kind": "share",
        "unit": "",
        "value": 0.6,
        "label": "60%",
        "inherited_from": "site",
        "effective_from": None,
    }
    planned = by_key["module.planned-days"]
    assert (planned["value"], planned["label"]) == (7, "7 days")
    assert (planned["unit"], planned["inherited_from"]) == ("days", "structure")


@pytest.mark.parametrize("scope", ["course", "run", "module"])
def test_a_value_says_where_it_is_inherited_from(lms: Client, run: CourseRun, scope: str) -> None:
    places: dict[str, Any] = {
        "course": run.course,
        "run": run,
        "module": first_module(run),
    }
    set_pass_mark("0.7", at=None, **{scope: places[scope]})
    found = values_of(lms, course="py", run="r1", module="m1")[PASS_MARK]

    assert (found["value"], found["inherited_from"]) == (0.7, scope)
    assert datetime.fromisoformat(found["effective_from"]) <= timezone.now()


def test_the_narrowest_value_applies(lms: Client, run: CourseRun) -> None:
    set_pass_mark("0.7", course=run.course)
    set_pass_mark("0.8", module=first_module(run))

    assert values_of(lms, course="py")[PASS_MARK]["value"] == 0.7
    assert values_of(lms, course="py", module="m1")[PASS_MARK]["value"] == 0.8
    assert values_of(lms, course="py", module="m2")[PASS_MARK]["value"] == 0.7
    assert values_of(lms)[PASS_MARK]["value"] == 0.6


@pytest.mark.usefixtures("run")
def test_planned_days_need_a_module(lms: Client) -> None:
    assert "module.planned-days" not in values_of(lms, course="py")


@pytest.mark.usefixtures("run")
def test_only_curriculum_parameters_are_sent_unless_asked_otherwise(lms: Client) -> None:
    names = {role: set(values_of(lms, role=role)) for role in ("curriculum", "measurement", "all")}

    assert set(values_of(lms)) == names["curriculum"]
    assert "completion.window-factor" in names["measurement"]
    assert names["all"] == names["curriculum"] | names["measurement"]


def test_parameters_that_staff_added_are_sent_until_they_are_retired(lms: Client) -> None:
    parameters.add(CALLS, reason="New.")
    kinds = {"kind": Parameter.Kind.SWITCH, "unit": "", "maximum": Decimal(1)}
    switch = replace(CALLS, key="coach.chat", default=Decimal(1), **kinds)  # type: ignore[arg-type]
    choice = replace(
        CALLS, key="coach.tone", kind=Parameter.Kind.CHOICE, unit="", default=Decimal(1),
        maximum=Decimal(1), choices=("Friendly", "Strict"),
    )  # fmt: skip
    parameters.add(switch, reason="New.")
    parameters.add(choice, reason="New.")
    found = values_of(lms)

    assert (found["coach.calls"]["value"], found["coach.calls"]["label"]) == (2, "2 per month")
    assert (found["coach.chat"]["value"], found["coach.chat"]["label"]) == (True, "On")
    assert (found["coach.tone"]["value"], found["coach.tone"]["label"]) == ("Strict", "Strict")
    parameters.retire("coach.calls")
    assert "coach.calls" not in values_of(lms)


@pytest.mark.parametrize(
    ("asked", "field", "sentence"),
    [
        ({"course": "sql"}, "course", "Unknown course “sql”."),
        ({"course": "a\0b"}, "course", "Unknown course “a�b”."),
        ({"run": "r1"}, "course", "Name the course of the run as well"),
        ({"module": "m1"}, "course", "Name the course of the module as well"),
        ({"course": "py", "run": "r9"}, "run", "Course “py” has no run “r9”."),
        ({"course": "py", "module": "go1"}, "module", "Course “py” has no module “go1”."),
        ({"course": "py", "learner": "bo"}, "learner", "Unknown learner “bo”."),
        ({"role": "owner"}, "role", "Unknown role “owner”. Choose measurement, curriculum, all."),
        ({"moduel": "m1"}, "moduel", "Unknown parameter “moduel”."),
        ({"course": " "}, "course", "“course” is empty."),
    ],
)
@pytest.mark.usefixtures("run")
def test_a_wrong_question_is_rejected_with_a_sentence(
    lms: Client, asked: dict[str, str], field: str, sentence: str
) -> None:
    other = course("go")
    Module.objects.create(course=other, key="go1", title="Go", position=1)
    response = lms.get(PATH, asked)

    assert response.status_code == 400
    assert response.json()["field"] == field
    assert sentence in response.json()["detail"]


@pytest.mark.usefixtures("run")
def test_a_key_sees_its_courses_and_their_learners_only() -> None:
    client = with_key(courses=(course("sql"),))

    assert client.get(PATH, {"course": "py"}).status_code == 400
    assert client.get(PATH, {"course": "sql", "learner": "ada"}).status_code == 400
    assert client.get(PATH, {"course": "sql"}).status_code == 200


@pytest.mark.parametrize(
    ("scope", "status"), [("curriculum:read", 200), ("kpis:read", 200), ("events:write", 403)]
)
def test_a_key_needs_a_scope(scope: str, status: int) -> None:
    assert with_key(scope).get(PATH).status_code == status


def test_managers_see_their_courses_and_strangers_nothing(run: CourseRun) -> None:
    def status(user: User | None) -> int:
        client = Client()
        if user:
            client.force_login(user)
        return client.get(PATH, {"course": "py"}).status_code

    assert status(account("Bo", grants=(run.course,))) == 200
    assert status(account("Dee", grants=(course("sql"),))) == 400
    assert status(account("Eve", is_staff=True)) == 200
    assert status(account("Cleo")) == 403
    assert status(None) == 401


def test_the_condition_in_sql_is_that_of_the_reader(run: CourseRun) -> None:
    other = course("sql")
    limited, _ = create_api_key("limited", ["kpis:read"], courses=[other])
    open_key, _ = create_api_key("open", ["kpis:read"])
    principals: list[User | ApiKey] = [
        limited,
        open_key,
        account("Bo", grants=(run.course,)),
        account("Eve", is_staff=True),
        account("Cleo"),
        account("Finn", is_staff=True, is_active=False),
    ]
    for one in principals:
        condition, values = course_condition(one, "curriculum_course.id")
        found = Course.objects.extra(where=[condition], params=values)  # noqa: S610

        assert set(found) == set(Reader.of(one).courses())


def asked_again(client: Client, tag: str, **asked: str) -> int:
    return client.get(PATH, asked, headers={"If-None-Match": tag}).status_code


PLACE = {"course": "py", "run": "r1", "module": "m1"}


def tag_of(client: Client, **asked: str) -> str:
    return client.get(PATH, asked)["ETag"]


@pytest.mark.usefixtures("run")
def test_an_unchanged_answer_is_not_sent_again(lms: Client) -> None:
    tag = tag_of(lms, **PLACE)
    response = lms.get(PATH, PLACE, headers={"If-None-Match": tag})

    assert (response.status_code, response.content, response["ETag"]) == (304, b"", tag)


def added(run: CourseRun) -> None:
    parameters.add(CALLS, reason="New.")


def longer_module(run: CourseRun) -> None:
    Module.objects.filter(course=run.course).update(planned_days=9)


CHANGES: dict[str, Callable[[CourseRun], None]] = {
    "a value is set": lambda run: set_pass_mark("0.7", course=run.course),
    "a parameter is added": added,
    "the structure changes": longer_module,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_sent(lms: Client, run: CourseRun, change: str) -> None:
    tag = tag_of(lms, **PLACE)
    CHANGES[change](run)

    assert asked_again(lms, tag, **PLACE) == 200


def test_reverting_and_retiring_are_sent(lms: Client, run: CourseRun) -> None:
    set_pass_mark("0.7", course=run.course)
    parameters.add(CALLS, reason="New.")
    tag = tag_of(lms)
    parameters.retire(CALLS.key)
    assert asked_again(lms, tag) == 200

    tag = tag_of(lms)
    own = parameters.parameter_for(PASS_MARK, course=run.course)
    parameters.revert(own.changes.get(), reason="Harm.")
    assert asked_again(lms, tag) == 200


def test_a_decision_committed_after_a_later_one_is_sent(lms: Client, run: CourseRun) -> None:
    with patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(seconds=2)):
        set_pass_mark("0.7")
    tag = tag_of(lms)
    set_pass_mark("0.8", course=run.course)

    assert asked_again(lms, tag) == 200


@pytest.mark.usefixtures("run")
def test_a_proposal_changes_nothing_yet(lms: Client) -> None:
    tag = tag_of(lms)
    row = parameters.parameter_for(PASS_MARK)
    parameters.propose(row, Decimal("0.7"), reason="Later.")

    assert asked_again(lms, tag) == 304


@pytest.fixture
def tomorrow() -> datetime:
    return timezone.now() + timedelta(days=1)


@pytest.mark.usefixtures("run")
def test_a_change_that_begins_later_is_sent_when_it_begins(lms: Client, tomorrow: datetime) -> None:
    set_pass_mark("0.7", at=tomorrow)
    tag = tag_of(lms)
    assert values_of(lms)[PASS_MARK]["value"] == 0.6
    assert asked_again(lms, tag) == 304

    with patch("django.utils.timezone.now", return_value=tomorrow):
        assert asked_again(lms, tag) == 200
        found = values_of(lms)[PASS_MARK]
    assert (found["value"], found["effective_from"]) == (0.7, tomorrow.isoformat())


@pytest.mark.usefixtures("run")
def test_tags_differ_by_question(lms: Client) -> None:
    questions: list[dict[str, str]] = [{}, {"course": "py"}, PLACE, {"role": "all"}]

    assert len({tag_of(lms, **asked) for asked in questions}) == 4


@pytest.fixture
def arms() -> Iterator[dict[str, Decimal]]:
    """Values for learners, by key; they come from an experiment."""
    values: dict[str, Decimal] = {}

    def answer(questions: Collection[Question]) -> dict[Question, Decimal]:
        return {one: values[one.key] for one in questions if one.key in values}

    ARMS.register("test", Arms(keys=values.keys, values=answer))
    yield values
    del ARMS["test"]


@pytest.mark.usefixtures("run")
def test_a_learner_in_an_experiment_gets_the_value_of_the_arm(
    lms: Client, arms: dict[str, Decimal]
) -> None:
    tag = tag_of(lms, learner="ada", **PLACE)
    arms[PASS_MARK] = Decimal("0.8")
    found = values_of(lms, learner="ada", **PLACE)[PASS_MARK]

    assert (found["value"], found["inherited_from"]) == (0.8, "experiment")
    assert values_of(lms, **PLACE)[PASS_MARK]["value"] == 0.6
    assert asked_again(lms, tag, learner="ada", **PLACE) == 200


@pytest.mark.usefixtures("run")
def test_an_answer_takes_four_queries_with_the_key_and_a_304_two(
    lms: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tag = tag_of(lms, learner="ada", **PLACE)
    with django_assert_num_queries(4):
        lms.get(PATH, {"learner": "ada", **PLACE})
    with django_assert_num_queries(2):
        asked_again(lms, tag, learner="ada", **PLACE)
