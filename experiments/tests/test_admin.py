"""Experiments in the admin: drafts, actions, and what nobody can change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.admin_pages import staff as signed_in
from curriculum.models import CourseRun, Learner
from experiments import lifecycle
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.models import Analysis, Experiment, ExperimentEvent, ForcedVariant, Layer
from experiments.tests.outcomes import expose_all
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many, start
from kpis.tests.kernel import PLANNED, STARTED, run_of
from kpis.tests.measured import staff
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db

HOME = "/admin/experiments/"
EXPERIMENTS = f"{HOME}experiment/"
NOW = STARTED_AT + DAY


@pytest.fixture(autouse=True)
def _one_day_after_the_start(few_kpis: None) -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


@pytest.fixture
def ada() -> Visitor:
    return Visitor(staff())


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    return made


def form(run: CourseRun, strict: str = "module.pass-mark = 80%", **changes: Any) -> dict[str, Any]:
    """What the form of a new draft sends."""
    return {
        "name": "Strict marks", "key": "strict-marks", "hypothesis": "It helps.",
        "unit": "learner", "courses": [run.course_id], "track": "any", "holdout": "0",
        "method": "fixed", "alpha": "0.05", "power": "0.8", "planned_effect": "10",
        "planned_n": "400", "planned_end": "2026-09-01", "baseline_days": "90",
        "underpowered_reason": "A test.", "seen_version": "",
        "variants-TOTAL_FORMS": "2", "variants-INITIAL_FORMS": "0",
        "variants-0-key": "control", "variants-0-weight": "0.5", "variants-0-is_control": "on",
        "variants-1-key": "strict", "variants-1-weight": "0.5", "variants-1-changes": strict,
        "metrics-TOTAL_FORMS": "1", "metrics-INITIAL_FORMS": "0",
        "metrics-0-kpi": STARTED, "metrics-0-role": "primary",
    } | changes  # fmt: skip


def sent(ada: Visitor, path: str, given: dict[str, Any]) -> str:
    return ada.client.post(path, given, follow=True).content.decode()


def chosen(client: Client, action: str, *rows: Experiment) -> str:
    picked = {"action": action, "_selected_action": [str(one.pk) for one in rows]}
    return client.post(EXPERIMENTS, picked, follow=True).content.decode()


def confirmed(client: Client, action: str, page: str, **given: str) -> str:
    """Send the form of a confirmation page as it was shown."""
    seen = re.findall(r'name="seen" value="([^"]+)"', page)
    answer = client.post(f"{EXPERIMENTS}act/{action}/", {"seen": seen, **given}, follow=True)
    return answer.content.decode()


# drafts


def test_a_draft_is_added_with_its_variants_and_kpis(ada: Visitor, run: CourseRun) -> None:
    sent(ada, f"{EXPERIMENTS}add/", form(run))
    made = Experiment.objects.get()
    strict = made.variants.get(key="strict")

    assert (made.created_by, made.state) == (User.objects.get(), "draft")
    assert [one.key for one in made.variants.all()] == ["control", "strict"]
    assert str(strict.values.get()) == "module.pass-mark = 0.8"
    assert made.metrics.get().kpi == STARTED
    assert made.planned_effect == 0.1
    assert list(made.courses.all()) == [run.course]
    assert made.events.get().by == made.created_by


def test_the_page_of_a_draft_has_its_checklist_and_power(ada: Visitor, run: CourseRun) -> None:
    made = draft(courses=[run.course], planned_end=None)
    page = ada.reads(f"{EXPERIMENTS}{made.pk}/change/")

    assert "✗ Planned end: Set a planned end." in page
    assert "✓ Weights: They add up to 1." in page
    assert "units per variant. Available at the planned end:" in page
    assert "module.pass-mark = 80%" in ada.html
    assert "act/start/?pk=" in ada.html
    assert "act/stop/?pk=" not in ada.html


def test_a_draft_is_edited(ada: Visitor, run: CourseRun) -> None:
    sent(ada, f"{EXPERIMENTS}add/", form(run))
    made = Experiment.objects.get()
    control, strict = made.variants.all()
    stored: dict[str, Any] = {
        "variants-INITIAL_FORMS": "2", "variants-0-id": control.pk, "variants-1-id": strict.pk,
        "variants-0-experiment": made.pk, "variants-1-experiment": made.pk,
        "metrics-INITIAL_FORMS": "1", "metrics-0-id": made.metrics.get().pk,
        "metrics-0-experiment": made.pk, "seen_version": str(made.version), "name": "Stricter",
    }  # fmt: skip
    page = f"{EXPERIMENTS}{made.pk}/change/"
    sent(ada, page, form(run, "module.pass-mark = 90%", **stored))
    made.refresh_from_db()

    assert made.name == "Stricter"
    assert str(made.variants.get(key="strict").values.get()) == "module.pass-mark = 0.9"
    assert [one.kind for one in made.events.all()] == ["created", "edited"]
    assert "The experiment has changed meanwhile" in sent(ada, page, form(run, **stored))


@pytest.mark.parametrize(
    ("strict", "changes", "sentence"),
    [
        ("module.pass-mark", {}, "is not like module.pass-mark = 80%"),
        ("no.such = 1", {}, "There is no parameter no.such."),
        ("module.pass-mark @ py/no = 80%", {}, "There is no module py/no."),
        ("module.pass-mark = 80%", {"variants-1-weight": "0.6"}, "The weights add up to 1.1"),
        ("module.pass-mark = 80%", {"variants-1-key": "control"}, "Two variants have the same"),
        ("module.pass-mark = 80%", {"metrics-0-role": "guardrail"}, "A guardrail needs a margin"),
        ("module.pass-mark = 80%", {"holdout": "1"}, "The holdout must be at least 0"),
    ],
)
def test_a_draft_that_could_never_be_right_is_rejected(
    ada: Visitor, run: CourseRun, strict: str, changes: dict[str, str], sentence: str
) -> None:
    assert sentence in sent(ada, f"{EXPERIMENTS}add/", form(run, strict, **changes))
    assert not Experiment.objects.exists()


def test_effect_and_margins_are_entered_and_shown_in_the_unit_of_the_kpi(
    ada: Visitor, run: CourseRun
) -> None:
    guardrail = {
        "metrics-TOTAL_FORMS": "2", "metrics-1-kpi": PLANNED, "metrics-1-role": "guardrail",
        "metrics-1-margin": "2",
    }  # fmt: skip
    sent(ada, f"{EXPERIMENTS}add/", form(run, **guardrail))
    made = Experiment.objects.get()
    ada.reads(f"{EXPERIMENTS}{made.pk}/change/")
    assert [one.margin for one in made.metrics.all()] == [None, 0.02]
    assert 'name="planned_effect" value="10' in ada.html
    assert 'name="metrics-1-margin" value="2' in ada.html

    page = (start(made), ada.reads(f"{EXPERIMENTS}{made.pk}/change/"))[1]
    assert "10.0 pts" in page
    assert "2.0 pts" in page


# actions


def test_staff_start_stop_and_decide(ada: Visitor, run: CourseRun) -> None:
    made = draft(courses=[run.course])
    asked = chosen(ada.client, "start", made)
    assert "Strict marks: started" in confirmed(ada.client, "start", asked)
    asked = chosen(ada.client, "stop", made)
    assert "Enter a reason." in confirmed(ada.client, "stop", asked, reason=" ")
    assert "Strict marks: stopped" in confirmed(ada.client, "stop", asked, reason="Enough.")
    asked = chosen(ada.client, "decide", made)
    given = {"verdict": "inconclusive", "reason": "Too few."}
    assert "Strict marks: decided" in confirmed(ada.client, "decide", asked, **given)
    made.refresh_from_db()

    assert "Strict marks – Stopped" in asked
    assert (made.state, made.verdict) == ("decided", "inconclusive")
    assert made.started_by == made.stopped_by == made.decided_by == User.objects.get()


def test_shipping_names_a_variant(ada: Visitor, run: CourseRun) -> None:
    made = start(draft(courses=[run.course]))
    Analysis.objects.create(
        experiment=made, computed_at=NOW, through=NOW, method="fixed", verdict="ship"
    )
    asked = chosen(ada.client, "decide", made)
    given = {"verdict": "ship", "reason": "It helps."}
    assert "There is no variant no." in confirmed(
        ada.client, "decide", asked, variant="no", **given
    )
    confirmed(ada.client, "decide", asked, variant="strict", **given)
    made.refresh_from_db()

    assert made.shipped_variant == made.variants.get(key="strict")


def test_what_somebody_else_did_meanwhile_is_reported_and_stays(
    ada: Visitor, run: CourseRun
) -> None:
    made = start(draft(courses=[run.course]))
    asked = chosen(ada.client, "stop", made)
    bo = User.objects.create_user("bo@example.com", name="Bo")
    lifecycle.stop(made, bo, reason="Enough.", now=NOW)
    answer = confirmed(ada.client, "stop", asked, reason="Enough.")
    made.refresh_from_db()

    assert "This experiment has changed meanwhile: Stopped by Bo" in answer
    assert made.stopped_by == bo


def test_acting_needs_the_permission(client: Client, run: CourseRun) -> None:
    made = draft(courses=[run.course])
    signed_in(client, "view_experiment", "change_experiment")

    assert client.post(f"{EXPERIMENTS}act/start/").status_code == 403
    assert "act/start" not in client.get(f"{EXPERIMENTS}{made.pk}/change/").content.decode()
    assert 'name="seen"' not in chosen(client, "start", made)


def test_a_malformed_or_unknown_choice_changes_nothing(ada: Visitor, run: CourseRun) -> None:
    made = draft(courses=[run.course])
    for seen in ("", "x-1", f"{made.pk}", "999-1", "9" * 30 + "-1"):
        assert ada.client.post(f"{EXPERIMENTS}act/start/", {"seen": seen}).status_code == 302
    made.refresh_from_db()

    assert made.is_draft
    assert ada.client.get(f"{EXPERIMENTS}act/delete/").status_code == 404


# what nobody can change


def test_the_plan_is_read_only_once_it_runs(ada: Visitor, run: CourseRun) -> None:
    made = start(draft(courses=[run.course]))
    page = ada.reads(f"{EXPERIMENTS}{made.pk}/change/")
    ada.client.post(f"{EXPERIMENTS}{made.pk}/change/", form(run, name="Other"))
    ada.client.post(f"{EXPERIMENTS}{made.pk}/delete/", {"post": "yes"})
    made.refresh_from_db()

    assert "module.pass-mark = 80%" in page
    assert "Started" in page
    assert 'name="hypothesis"' not in ada.html
    assert made.name == "Strict marks"


def test_a_draft_can_be_deleted(ada: Visitor, run: CourseRun) -> None:
    made = draft(courses=[run.course])
    ada.client.post(f"{EXPERIMENTS}{made.pk}/delete/", {"post": "yes"})

    assert not Experiment.objects.exists()


def test_history_units_and_analyses_are_read_only(ada: Visitor, run: CourseRun) -> None:
    made = start(draft(courses=[run.course]))
    assign(Learner.objects.values_list("pk", flat=True), now=NOW)
    expose_all(made, NOW)
    analysis = analyze(made, now=NOW + DAY)
    event = ExperimentEvent.objects.first()
    assert event
    pages = {
        "experimentevent": event.pk,
        "assignment": made.assignments.all()[0].pk,
        "exposure": made.exposures.all()[0].pk,
        "analysis": analysis.pk,
        "analysisresult": analysis.results.all()[0].pk,
    }
    for name, pk in pages.items():
        assert ada.client.get(f"{HOME}{name}/").status_code == 200
        assert ada.client.get(f"{HOME}{name}/{pk}/change/").status_code == 200
        assert ada.client.get(f"{HOME}{name}/{pk}/delete/").status_code == 403
        assert ada.client.get(f"{HOME}{name}/add/").status_code == 403
    with pytest.raises(ValueError, match="cannot be changed"):
        event.save()


def test_analyses_need_access_to_small_groups(client: Client, run: CourseRun) -> None:
    made = start(draft(courses=[run.course]))
    analysis = analyze(made, now=NOW + DAY)
    signed_in(client, "view_analysis", "view_analysisresult", "view_experiment")

    assert client.get(f"{HOME}analysis/{analysis.pk}/change/").status_code == 403
    assert client.get(f"{HOME}analysisresult/").status_code == 403
    assert client.get(f"{EXPERIMENTS}{made.pk}/change/").status_code == 200


# forced variants and layers


def test_a_variant_is_forced_and_released_with_a_history(ada: Visitor, run: CourseRun) -> None:
    made = start(draft(courses=[run.course]))
    learner = Learner.objects.all()[0]
    given = {
        "experiment": made.pk, "learner": learner.pk, "run": "", "variant_key": "no",
        "reason": "To try it.",
    }  # fmt: skip
    path = f"{HOME}forcedvariant/add/"
    assert "There is no variant no." in sent(ada, path, given)
    sent(ada, path, given | {"variant_key": "strict"})
    forced = ForcedVariant.objects.get()
    sent(ada, f"{HOME}forcedvariant/{forced.pk}/delete/", {"post": "yes", "reason": "Tried."})

    assert (forced.variant.key, forced.by) == ("strict", User.objects.get())
    assert [one.kind for one in made.events.all()][-2:] == ["forced", "released"]
    assert not ForcedVariant.objects.exists()


def test_the_seed_of_a_layer_stays_and_used_layers_too(ada: Visitor, run: CourseRun) -> None:
    layer = Layer.objects.create(name="Marks", seed="seed")
    draft(courses=[run.course], layer=layer, layer_from=0, layer_to=1)
    sent(ada, f"{HOME}layer/{layer.pk}/change/", {"name": "All marks", "seed": "other"})
    layer.refresh_from_db()

    assert (layer.name, layer.seed) == ("All marks", "seed")
    assert ada.client.get(f"{HOME}layer/{layer.pk}/delete/").status_code == 403


def test_the_list_needs_no_query_per_row(ada: Visitor, django_assert_max_num_queries: Any) -> None:
    for number in range(6):
        draft(f"number-{number}")
    with django_assert_max_num_queries(20):
        page = ada.reads(EXPERIMENTS)

    assert "Number 5" in page
