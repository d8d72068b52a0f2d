"""Learners whom systems name differently are one person until staff split them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tests.people import account
from curriculum.erasing import erase
from curriculum.models import Enrollment, Learner
from engagement.models import AssessmentResult, DailyActivity, ModuleProgress
from intake import merging
from intake.models import Event, LearnerAlias
from intake.tests.lms import CREATOR, event, purge, school, send, sign_up, statuses
from statements.models import LearnerIdentifier
from statements.tests.senders import MemoryStore, edx, question
from statements.vocabulary import acrossx

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()
    send(event("e1", "quiz.attempted", object="q1"))
    send(
        event("e2", "assessment.graded", learner="bo", object="exam", value=0.9),
        event("e3", "module.completed", learner="bo", module="m1"),
        event("e4", "content.viewed", learner="bo", at="2026-01-09T09:00:00Z"),
    )


def of(key: str) -> Learner:
    return Learner.objects.get(key=key)


def merge(other: str = "bo", into: str = "ada") -> merging.Moved:
    return merging.merge(of(other), of(into), by=None, now=timezone.now())


def split(key: str = "bo") -> merging.Moved:
    return merging.split(LearnerAlias.objects.get(key=key), now=timezone.now())


def facts() -> dict[str, list[Any]]:
    """Return facts of every kind by learner, without the ids of rows."""
    tables: dict[str, Any] = {
        "results": AssessmentResult.objects.values_list(
            "enrollment__learner__key", "assessment__key", "attempt", "score", "graded_at"
        ),
        "days": DailyActivity.objects.values_list(
            "enrollment__learner__key", "module__key", "day", "interactions"
        ),
        "progress": ModuleProgress.objects.values_list(
            "planned__enrollment__learner__key", "planned__module__key", "reached_at", "done_at"
        ),
        "enrollments": Enrollment.objects.values_list("learner__key", "run__key", "started_at"),
        "events": Event.objects.values_list("learner", "kind", "key", "sender", "received_at"),
    }
    return {name: sorted(rows, key=str) for name, rows in tables.items()}


def test_the_facts_of_both_belong_to_one_learner() -> None:
    assert merge().moved == 4

    assert AssessmentResult.objects.get().enrollment.learner == of("ada")
    assert [one.learner.key for one in Enrollment.objects.all()] == ["ada"]


def test_splitting_undoes_it_exactly() -> None:
    before = facts()
    merge()
    assert facts() != before
    split()

    assert facts() == before


def test_merging_and_splitting_twice_is_the_same() -> None:
    before = facts()
    for _ in range(2):
        merge()
        split()

    assert facts() == before


def test_events_that_come_later_count_for_the_person_and_go_back_with_a_split() -> None:
    merge()
    send(event("e9", "note.written", learner="bo"))
    assert Event.objects.get(key="e9").enrollment == Enrollment.objects.get(learner=of("ada"))
    split()

    assert Event.objects.get(key="e9").enrollment == Enrollment.objects.get(learner=of("bo"))


def test_an_event_sent_again_after_a_merge_is_a_duplicate() -> None:
    merge()

    assert statuses(send(event("e3", "module.completed", learner="bo", module="m1"))) == [
        "duplicate"
    ]


def test_a_merged_learner_may_be_merged_further_and_split_step_by_step() -> None:
    before = facts()
    Learner.objects.create(key="cleo")
    merge("bo", "ada")
    once = facts()
    merge("ada", "cleo")
    assert {one.learner.key for one in Enrollment.objects.all()} == {"cleo"}
    split("ada")
    assert facts() == once
    split("bo")

    assert facts() == before


def test_what_cannot_be_rebuilt_after_a_purge_stays_and_is_said() -> None:
    purge(["e4"])
    moved = merge()

    assert (moved.moved, moved.purged) == (0, 3)
    assert "have been purged" in " ".join(moved.sentences)
    assert Enrollment.objects.filter(learner=of("bo")).exists()


@pytest.mark.parametrize(
    ("prepare", "into", "reason"),
    [
        (lambda: None, "bo", "two different"),
        (lambda: merge("ada", "bo"), "ada", "is merged into"),
        (lambda: erase(of("cleo")), "", "is erased"),
    ],
)
def test_a_merge_that_makes_no_sense_is_refused(
    prepare: Callable[[], object], into: str, reason: str
) -> None:
    Learner.objects.create(key="cleo")
    prepare()
    target = of(into) if into else Learner.objects.get(key__startswith="erased-")
    with pytest.raises(merging.MergeError, match=reason):
        merging.merge(of("bo"), target, by=None, now=timezone.now())


def test_erasing_one_erases_the_whole_person() -> None:
    merge()
    erase(of("ada"))

    assert not Learner.objects.filter(key__in=["ada", "bo"]).exists()
    assert not LearnerAlias.objects.exists()
    assert not Event.objects.filter(learner__in=["ada", "bo"]).exists()


def test_an_address_and_its_digest_are_one_learner_in_either_order() -> None:
    lrs = MemoryStore()
    digest = hashlib.sha1(b"mailto:eve@example.org", usedforsecurity=False).hexdigest()
    ways = [{"mbox": "mailto:Eve@example.org"}, {"mbox_sha1sum": digest}]
    for way in ways:
        raw = edx(acrossx("evaluated"), question(), result={"score": {"scaled": 1}})
        lrs.take(raw | {"actor": way, "id": str(way)})

    assert set(LearnerIdentifier.objects.values_list("learner_key", flat=True)) == {
        "eve@example.org"
    }
    assert Enrollment.objects.filter(learner__key="eve@example.org").count() == 1


def test_an_account_is_merged_with_an_address_by_staff() -> None:
    lrs = MemoryStore()
    raw = edx(acrossx("evaluated"), question(), result={"score": {"scaled": 0.5}})
    lrs.take(raw)
    lrs.take(raw | {"id": "2", "actor": {"mbox": "mailto:ada@example.org"}})
    merge("lms.example.org:ada", "ada@example.org")
    mine = AssessmentResult.objects.filter(enrollment__learner__key="ada@example.org")

    assert mine.count() == 2
    # the identifiers stay as they are, so that a split is exact
    assert LearnerIdentifier.objects.filter(learner_key="lms.example.org:ada").exists()


def test_staff_merge_and_split_on_the_pages_of_the_admin() -> None:
    staff = Client()
    staff.force_login(account("Staff", is_staff=True, is_superuser=True))
    chosen = {"action": "merge_learners", "_selected_action": [of("bo").pk]}
    page = "/admin/curriculum/learner/"
    asked = staff.post(page, chosen).content.decode()
    assert "become one person" in asked
    # what the button posts
    assert '<input type="hidden" name="action" value="merge_learners">' in asked
    assert f'name="_selected_action" value="{of("bo").pk}"' in asked
    staff.post(page, {**chosen, "confirmed": "yes", "into": "nobody"})
    assert not LearnerAlias.objects.exists()
    staff.post(page, {**chosen, "confirmed": "yes", "into": "ada"})
    alias = LearnerAlias.objects.get()
    assert alias.merged_by is not None
    undone = {"action": "split_selected", "_selected_action": [alias.pk], "confirmed": "yes"}
    staff.post("/admin/intake/learneralias/", undone)

    assert not LearnerAlias.objects.exists()
    assert Enrollment.objects.filter(learner=of("bo")).exists()


def test_sign_ups_of_both_in_one_run_count_from_the_earlier() -> None:
    send(sign_up("dan", at="2026-01-02T00:00:00Z"), sender=CREATOR)
    merge("dan", "ada")

    assert Enrollment.objects.get(learner=of("ada")).started_at.day == 2
