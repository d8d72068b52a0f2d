"""Staff say what statements mean, on a preview, and the history follows."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from accounts.tests.people import account
from curriculum.models import Enrollment
from engagement.models import AssessmentResult
from intake.models import Event
from statements import replay
from statements.models import Mapping, Pattern, SenderDefault
from statements.tests.senders import LRS, MemoryStore, activity, edx, question, statement
from statements.vocabulary import COURSE, acrossx, adl

pytestmark = pytest.mark.django_db

JUGGLED = "https://example.org/verbs/juggled"
PROFILE = "https://example.org/circus"
FORM = {
    "kind": "", "course_from": "", "course_text": "", "run_from": "", "module_from": "",
    "object_from": "object", "value_from": "", "value_max": "",
}  # fmt: skip


@pytest.fixture
def lrs() -> MemoryStore:
    create_api_key(LRS.name, [ApiKey.Scope.EVENTS_WRITE], creates_unknown=True)
    return MemoryStore()


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(account("Staff", is_staff=True, is_superuser=True))
    return client


def juggled(who: str = "ada", **more: Any) -> dict[str, Any]:
    balls = activity("https://example.org/balls", "https://example.org/act")
    course = activity("https://example.org/course", COURSE)
    result = {"extensions": {"https://example.org/caught": 8}}
    around: dict[str, Any] = {"category": [activity(PROFILE)], "parent": [course]}
    return statement(JUGGLED, balls, who=who, result=result, **around, **more)


CAUGHT = "/result/extensions/https:~1~1example.org~1caught"


def say(staff: Client, button: str = "save", **chosen: str) -> Any:
    pattern = Pattern.objects.unmapped().get()
    with patch("core.task_queue.current_app.send_task"):
        return staff.post(
            f"/admin/statements/pattern/{pattern.pk}/map/", {**FORM, **chosen, button: "yes"}
        )


def replayed() -> dict[str, int]:
    return replay.replay(Pattern.objects.order_by("pk"))


def test_the_page_offers_the_places_in_the_example(lrs: MemoryStore, staff: Client) -> None:
    lrs.take(juggled())
    page = staff.get(f"/admin/statements/pattern/{Pattern.objects.get().pk}/map/").content.decode()

    assert f"{CAUGHT} — 8" in page
    assert "assessment.graded" in page


def test_a_preview_shows_the_event_and_saves_nothing(lrs: MemoryStore, staff: Client) -> None:
    lrs.take(juggled())
    graded = {"kind": "assessment.graded", "value_from": CAUGHT, "value_max": "10"}
    page = say(staff, "preview", **graded).content.decode()

    assert "<td>example.org/balls</td>" in page
    assert "<td>8</td>" in page
    assert not Mapping.objects.exists()


def test_a_mapping_is_replayed_over_the_history(lrs: MemoryStore, staff: Client) -> None:
    lrs.take(juggled(), juggled("bo"))
    say(staff, kind="assessment.graded", value_from=CAUGHT, value_max="10")

    assert replayed() == {"accepted": 4}
    assert list(AssessmentResult.objects.values_list("score", flat=True)) == [0.8, 0.8]
    assert Pattern.objects.get().kinds == "assessment.graded"


def test_saving_queues_the_history(
    lrs: MemoryStore,
    staff: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    lrs.take(juggled())
    pattern = Pattern.objects.get()
    with (
        patch("core.task_queue.current_app.send_task") as sent,
        django_capture_on_commit_callbacks(execute=True),
    ):
        staff.post(f"/admin/statements/pattern/{pattern.pk}/map/", {**FORM, "save": "yes"})

    sent.assert_called_once_with("statements.tasks.replay_patterns", [[pattern.pk]], retry=False)


def test_replaying_twice_changes_nothing(lrs: MemoryStore, staff: Client) -> None:
    lrs.take(juggled())
    say(staff, kind="content.viewed")
    replayed()

    assert set(replayed()) == {"duplicate"}
    assert Event.objects.filter(kind="content.viewed").count() == 1


def test_another_meaning_replaces_the_events_of_the_former(lrs: MemoryStore, staff: Client) -> None:
    lrs.take(juggled())
    say(staff, kind="content.viewed")
    replayed()
    Mapping.objects.update(kind="question.answered")
    replayed()

    assert not Event.objects.filter(kind="content.viewed").exists()
    assert Event.objects.filter(kind="question.answered").count() == 1


def test_without_its_mapping_a_pattern_is_unmapped_again(lrs: MemoryStore, staff: Client) -> None:
    lrs.take(juggled())
    say(staff, kind="content.viewed")
    replayed()
    with patch("core.task_queue.current_app.send_task"):
        staff.post(f"/admin/statements/mapping/{Mapping.objects.get().pk}/delete/", {"post": "yes"})
    replayed()

    assert Pattern.objects.unmapped().exists()
    assert not Event.objects.filter(kind="content.viewed").exists()


def test_a_mapping_comes_before_a_built_in_rule(lrs: MemoryStore) -> None:
    Mapping.objects.create(verb=acrossx("evaluated"), kind="")
    lrs.take(edx(acrossx("evaluated"), question(), result={"score": {"raw": 1, "max": 1}}))

    assert not AssessmentResult.objects.exists()


def test_the_closest_mapping_applies(lrs: MemoryStore) -> None:
    Mapping.objects.create(verb=JUGGLED, profile=PROFILE, kind="note.written")
    Mapping.objects.create(verb=JUGGLED, kind="content.viewed")
    lrs.take(juggled())

    assert Event.objects.filter(kind="note.written").exists()


def test_a_course_may_be_named_for_statements_that_name_none(
    lrs: MemoryStore, staff: Client
) -> None:
    lrs.take(statement(JUGGLED, activity("https://example.org/balls")))
    say(staff, kind="content.viewed", course_text="circus")
    replayed()

    assert Event.objects.get(kind="content.viewed").course_key == "circus"


def test_a_sender_may_have_a_course_of_its_own(lrs: MemoryStore) -> None:
    SenderDefault.objects.create(sender=LRS.name, course_key="circus", names_are_keys=True)
    lrs.take(statement(adl("answered"), activity("https://example.org/q1")))
    event = Event.objects.get(kind="question.answered")

    assert (event.course_key, event.learner) == ("circus", "ada")


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"kind": "module.completed"}, "module_from"),
        ({"kind": "assessment.graded"}, "value_from"),
        ({"kind": "assessment.graded", "value_from": CAUGHT}, "value_max"),
        ({"kind": "payment.received"}, "kind"),
        ({"kind": "content.viewed", "course_from": "/nowhere"}, "course_from"),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    lrs: MemoryStore, staff: Client, chosen: dict[str, str], field: str
) -> None:
    lrs.take(juggled())
    answer = say(staff, **chosen)

    assert field in answer.context["form"].errors
    assert not Mapping.objects.exists()


def test_replaying_in_another_order_makes_the_same_facts(lrs: MemoryStore) -> None:
    moments = [f"2026-01-{day:02}T12:00:00Z" for day in (8, 6, 7)]
    lrs.take(*(juggled("ada", at=at) for at in moments))
    lrs.take(*(juggled("bo", at=at) for at in reversed(moments)))
    Mapping.objects.create(verb=JUGGLED, kind="quiz.attempted", object_from="object")
    replayed()
    Mapping.objects.create(
        verb=JUGGLED,
        kind="assessment.graded",
        object_from="object",
        value_from=CAUGHT,
        value_max=10,
    )
    replayed()

    assert facts("ada") == facts("bo")
    assert len(facts("ada")[1]) == 3


def facts(who: str) -> tuple[Any, list[Any]]:
    mine = Enrollment.objects.get(learner__key__endswith=f":{who}")
    results = AssessmentResult.objects.filter(enrollment=mine)
    fields = ("assessment__key", "score", "graded_at", "regraded_at")
    return mine.started_at, sorted(results.values_list(*fields), key=str)


def test_only_staff_with_the_permission_may_map(lrs: MemoryStore) -> None:
    lrs.take(juggled())
    client = Client()
    client.force_login(account("Eve", is_staff=True))

    assert (
        client.get(f"/admin/statements/pattern/{Pattern.objects.get().pk}/map/").status_code == 403
    )
