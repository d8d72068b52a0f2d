"""The list of experiments and the page of one, with its decisions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from accounts.tests.people import account
from curriculum.models import CourseRun
from experiments.analysis.analyze import analyze
from experiments.models import Analysis, AnalysisResult, Experiment, Layer
from experiments.tests.analyzed import LATER, analyzed
from experiments.tests.bearers import LIST, bearing, sent
from experiments.tests.pages import PAGE, acts, may_run, sends
from experiments.tests.trials import DAY, PASS_MARK, draft, enroll_many
from kpis.tests.kernel import STARTED
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None, _in_july_2026: None) -> None: ...


@pytest.fixture
def boss() -> Visitor:
    return Visitor(account("Ada", is_staff=True, is_superuser=True))


def test_the_list_says_what_each_experiment_found(boss: Visitor, run: CourseRun) -> None:
    analyzed(run)

    text = boss.reads(PAGE)

    assert "Strict marks Running Ship" in text
    assert "Started is better with “Strict”" in text
    assert "Assigned: 400 · Exposed: 400" in text


def test_the_list_can_be_limited_to_a_state(boss: Visitor, run: CourseRun) -> None:
    draft("a-draft", courses=[run.course])

    assert "A draft" in boss.reads(f"{PAGE}?state=draft")
    assert "There are no experiments here." in boss.reads(f"{PAGE}?state=running")


def test_the_page_shows_effects_sums_and_the_plan(boss: Visitor, run: CourseRun) -> None:
    text = boss.reads(f"{PAGE}/{analyzed(run).key}")

    assert boss.status == 200
    assert "Started is better with “Strict”" in text
    assert "pts to +" in text
    assert "Raw sums of the variants" in text
    assert '<svg class="forest good"' in boss.html


def test_numbers_are_rounded(boss: Visitor, run: CourseRun) -> None:
    experiment = analyzed(run)
    AnalysisResult.objects.update(p=0.123456, adjusted_p=None, sums={"y": 148.40000000000003})
    why = {"code": "better", "kpi": STARTED, "variant": "strict", "p": 0.123456}
    Analysis.objects.update(why=why)
    text = boss.reads(f"{PAGE}/{experiment.key}")

    assert "(p = 0.1235)" in text
    assert "148.4 " in text
    assert "0.12345" not in text
    assert "148.40" not in text


def test_a_mismatch_is_red_and_comes_first(boss: Visitor, run: CourseRun) -> None:
    experiment = analyzed(run)
    Analysis.objects.update(sample_ratio_p=0.0001, verdict="invalid", why={"code": "mismatch"})

    text = boss.reads(f"{PAGE}/{experiment.key}")

    assert "The numbers of units contradict the weights (p = " in text
    assert 'class="says bad"' in boss.html


def test_the_curve_has_a_row_for_each_analysis(boss: Visitor, run: CourseRun) -> None:
    experiment = analyzed(run)
    analyze(experiment, now=LATER + DAY)

    text = boss.reads(f"{PAGE}/{experiment.key}")

    assert "Strict: Started, analysis by analysis" in text
    assert "course-of-effect" in boss.html


def test_small_groups_are_hidden_from_whoever_may_not_see_them(run: CourseRun) -> None:
    experiment = analyzed(run, number=6)
    manager = Visitor(account("Bo", grants=(run.course,)))

    text = manager.reads(f"{PAGE}/{experiment.key}")

    assert "Hidden to protect groups" in text
    assert "Raw sums" not in text
    assert manager.client.get(f"{PAGE}/{experiment.key}/results.csv").status_code == 403


def test_managers_see_the_experiments_of_their_courses_only(run: CourseRun) -> None:
    draft("own", courses=[run.course])
    draft("site-wide")
    manager = Visitor(account("Bo", grants=(run.course,)))

    text = manager.reads(PAGE)
    manager.reads(f"{PAGE}/site-wide")

    assert "Own" in text
    assert "Site wide" not in text
    assert manager.status == 404


def test_whoever_may_not_run_experiments_reads_without_forms(run: CourseRun) -> None:
    experiment = draft(courses=[run.course])
    reader = Visitor(account("Bo", is_staff=True))

    assert "Checklist" in reader.reads(f"{PAGE}/{experiment.key}")
    assert 'name="act"' not in reader.html
    acts(reader, experiment, "start")
    assert reader.status == 403


def test_the_permission_alone_allows_managers_to_act(run: CourseRun) -> None:
    experiment = draft(courses=[run.course])
    manager = Visitor(may_run(account("Bo", grants=(run.course,))))

    assert "Delete the draft" in manager.reads(f"{PAGE}/{experiment.key}")


def test_stopping_needs_a_reason(boss: Visitor, run: CourseRun) -> None:
    experiment = analyzed(run)

    assert "Enter a reason for stopping." in acts(boss, experiment, "stop", reason="")
    assert boss.status == 400
    assert "The experiment was stopped" in acts(boss, experiment, "stop", reason="Enough.")


def test_shipping_is_decided_on_the_page(boss: Visitor, run: CourseRun) -> None:
    experiment = analyzed(run)

    text = acts(boss, experiment, "decide", verdict="ship", variant="strict", reason="It helps.")

    assert "The decision was made." in text
    assert "Decided: Ship (Strict) · Ada It helps." in text


def test_the_plan_names_layer_and_holdout(boss: Visitor, run: CourseRun) -> None:
    layer = Layer.objects.create(name="Deadlines", seed="s")
    experiment = draft(
        courses=[run.course],
        holdout=Decimal("0.1"),
        layer=layer,
        layer_from=Decimal("0.25"),
        layer_to=Decimal("0.75"),
    )

    text = boss.reads(f"{PAGE}/{experiment.key}")
    assert "Layer Deadlines: 25.0%–75.0%" in text
    assert "Holdout 10.0%" in text


def test_the_history_of_the_parameter_links_to_the_experiment(
    boss: Visitor, run: CourseRun
) -> None:
    experiment = analyzed(run)
    acts(boss, experiment, "decide", verdict="ship", variant="strict", reason="It helps.")

    text = boss.reads(f"/curriculum-parameters/{PASS_MARK}")
    assert "Experiment: Strict marks" in text
    assert f'href="{PAGE}/{experiment.key}"' in boss.html


def test_whoever_decides_on_an_outdated_page_learns_what_happened(
    boss: Visitor, run: CourseRun
) -> None:
    experiment = analyzed(run)
    old = Experiment.objects.get(pk=experiment.pk).version
    acts(boss, experiment, "stop", reason="Enough.")

    data: dict[str, object] = {"act": "decide", "version": old, "verdict": "stop", "reason": "No."}
    text = sends(boss, f"{PAGE}/{experiment.key}", data)

    assert boss.status == 400
    assert "This experiment has changed meanwhile: Stopped by Ada" in text


def test_the_history_names_an_api_key(boss: Visitor, run: CourseRun) -> None:
    enroll_many(run, 5)
    made, client = draft(courses=[run.course], underpowered_reason=""), bearing()
    assert sent(client, "start", underpowered_reason="A test.")[0] == 200

    text = boss.reads(f"{PAGE}/{made.key}")
    assert "Started by API key my-lms" in text
    made.refresh_from_db()
    assert "Stopped by API key my-lms on" in acts_after_stop(boss, made, client)


def acts_after_stop(boss: Visitor, made: Experiment, client: Client) -> str:
    """Stop by the key, and then again on the page that was open."""
    sent(client, "stop", reason="Enough.")
    data: dict[str, object] = {"act": "stop", "version": made.version, "reason": "Enough."}
    return sends(boss, f"{PAGE}/{made.key}", data)


def test_the_csv_file_is_that_of_the_api(boss: Visitor, run: CourseRun) -> None:
    experiment = analyzed(run)

    response = boss.client.get(f"{PAGE}/{experiment.key}/results.csv")

    lines = response.content.decode().splitlines()
    assert lines[0].startswith("computed_at,kpi,role,variant,is_control,unit,kind,n,")
    assert len(lines) == 3
    assert (
        response.content == boss.client.get(f"{LIST}/{experiment.key}/results?format=csv").content
    )
