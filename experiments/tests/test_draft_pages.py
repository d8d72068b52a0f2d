"""Drafting an experiment on a page, and the power calculator."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.utils import timezone

from accounts.tests.people import account
from curriculum.models import CourseRun
from experiments.models import Experiment
from experiments.tests.outcomes import start_in
from experiments.tests.pages import PAGE, may_run, sends
from experiments.tests.trials import DAY, PASS_MARK, draft, enroll_many, start
from kpis.definitions.registry import REGISTRY
from kpis.tests import kernel
from kpis.tests.kernel import BOTH, STARTED, run_of
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None, _in_july_2026: None) -> None: ...


@pytest.fixture
def boss() -> Visitor:
    return Visitor(account("Ada", is_staff=True, is_superuser=True))


def rows(prefix: str, *some: dict[str, object]) -> dict[str, object]:
    """Return what a formset sends."""
    sent: dict[str, object] = {f"{prefix}-TOTAL_FORMS": len(some), f"{prefix}-INITIAL_FORMS": 0}
    for number, one in enumerate(some):
        sent |= {f"{prefix}-{number}-{name}": value for name, value in one.items()}
    return sent


def filled_in(**fields: object) -> dict[str, object]:
    """Return a draft in which half of the learners get a pass mark of 80%."""
    return {
        "key": "strict-marks",
        "name": "Strict marks",
        "hypothesis": "A higher pass mark makes learners practice more.",
        "unit": "learner",
        "holdout": "0",
        "track": "any",
        "method": "fixed",
        "alpha": "0.05",
        "power": "0.8",
        "planned_n": "400",
        "planned_end": "2027-03-01",
        "baseline_days": "90",
        "primary": STARTED,
        "effect": "5",
        "audience_courses": ["py"],
        **rows(
            "variants",
            {"key": "control", "weight": "0.5", "is_control": "on"},
            {"key": "strict", "weight": "0.5"},
        ),
        **rows("values", {"variant": "strict", "parameter": PASS_MARK, "value": "80%"}),
        **rows("guardrails"),
        **fields,
    }


def test_a_draft_is_saved_with_its_variants(boss: Visitor, run: CourseRun) -> None:
    text = sends(boss, f"{PAGE}/new", filled_in())

    assert "The draft was saved." in text
    made = Experiment.objects.get(key="strict-marks")
    assert made.planned_effect == 0.05
    assert [str(one) for one in made.variants.all()] == ["control", "strict"]
    assert list(made.courses.all()) == [run.course]


def test_the_form_of_a_draft_shows_what_was_saved(boss: Visitor, run: CourseRun) -> None:
    sends(boss, f"{PAGE}/new", filled_in())

    boss.reads(f"{PAGE}/strict-marks/edit")

    assert boss.status == 200
    assert 'value="80%"' in boss.html
    assert 'name="effect" value="5' in boss.html


def test_an_edited_draft_replaces_the_old_one(boss: Visitor, run: CourseRun) -> None:
    sends(boss, f"{PAGE}/new", filled_in())
    version = Experiment.objects.get().version

    sends(boss, f"{PAGE}/strict-marks/edit", filled_in(name="Stricter", version=version))

    assert Experiment.objects.get().name == "Stricter"


def test_the_history_writes_the_effect_in_the_unit_of_the_kpi(
    boss: Visitor, run: CourseRun
) -> None:
    made = draft(courses=[run.course], planned_effect=0.1)
    sends(boss, f"{PAGE}/{made.key}/edit", filled_in(version=made.version))

    assert "10.0 pts → 5.0 pts" in boss.reads(f"{PAGE}/{made.key}")


def test_an_outdated_form_changes_nothing(boss: Visitor, run: CourseRun) -> None:
    sends(boss, f"{PAGE}/new", filled_in())
    version = Experiment.objects.get().version
    sends(boss, f"{PAGE}/strict-marks/edit", filled_in(name="Stricter", version=version))

    text = sends(boss, f"{PAGE}/strict-marks/edit", filled_in(name="Other", version=version))

    assert boss.status == 400
    assert "This experiment has changed meanwhile" in text
    assert Experiment.objects.get().name == "Stricter"


def test_checking_says_what_is_needed_and_saves_nothing(boss: Visitor, run: CourseRun) -> None:
    enroll_many(run, 20)

    text = sends(boss, f"{PAGE}/new", filled_in(act="check"))

    assert "Units needed per variant" in text
    assert "Checklist" in text
    assert not Experiment.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"key": "new"}, "This key is taken by a page"),
        ({"variants-1-weight": "0.4"}, "The weights add up to 0.9 instead of 1."),
        ({"values-0-variant": "kind"}, "There is no variant kind."),
        ({"values-0-value": "many"}, "as a number, such as"),
        ({"planned_end": "soon"}, "date"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_saved(
    boss: Visitor, run: CourseRun, wrong: dict[str, object], sentence: str
) -> None:
    text = sends(boss, f"{PAGE}/new", filled_in(**wrong))

    assert boss.status == 400
    assert sentence in text
    assert not Experiment.objects.exists()


@pytest.fixture
def mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """KPIs without a value for a run, and without one for a learner."""
    kernel.declare_both(monkeypatch)
    by_learner = replace(REGISTRY[STARTED], key="test.by-learner", title="By learner")
    facts = replace(by_learner.facts, run=None) if by_learner.facts else None
    monkeypatch.setitem(REGISTRY, "test.by-learner", replace(by_learner, facts=facts))


def offered(who: Visitor) -> set[str]:
    """Return the primary KPIs that the form offers."""
    field = re.search(r'<select name="primary".*?</select>', who.html, re.DOTALL)
    assert field
    return {one.strip() for one in re.findall(r"<option[^>]*>([^<]+)", field.group())} - {"–"}


def test_a_form_offers_what_has_a_value_for_each_unit(
    boss: Visitor, run: CourseRun, mixed: None
) -> None:
    boss.reads(f"{PAGE}/new")
    assert offered(boss) == {"Started", "Planned", "By learner (not by run)"}
    assert "choose one of their components" in boss.html

    draft(courses=[run.course], unit="run")
    boss.reads(f"{PAGE}/strict-marks/edit")
    assert offered(boss) == {"Started", "Planned"}


@pytest.mark.parametrize(
    ("unit", "kpi", "sentence"),
    [
        ("run", "test.by-learner", "By learner cannot be broken down by run."),
        ("learner", BOTH, "is combined from other KPIs and has no value for one learner."),
        ("learner", "no.such", "Select a valid choice."),
    ],
)
def test_a_kpi_without_a_value_for_each_unit_is_refused(
    boss: Visitor, run: CourseRun, mixed: None, unit: str, kpi: str, sentence: str
) -> None:
    text = sends(boss, f"{PAGE}/new", filled_in(unit=unit, primary=kpi))

    assert boss.status == 400
    assert sentence in text
    assert not Experiment.objects.exists()


@pytest.mark.parametrize(("number", "is_known"), [(9, False), (10, True)])
def test_the_power_of_small_groups_is_not_said(
    boss: Visitor, run: CourseRun, number: int, is_known: bool
) -> None:
    now = timezone.now()
    start_in(run, enroll_many(run_of("r0"), number), now - 10 * DAY, completed=5)

    # an effect that any number of units would find, and one that none would
    for effect in ("40", "0.1"):
        text = sends(boss, f"{PAGE}/new", filled_in(act="check", effect=effect))
        assert ("It is not known how the primary KPI varies" in text) != is_known


def test_a_manager_cannot_experiment_on_the_whole_site(run: CourseRun) -> None:
    manager = Visitor(may_run(account("Bo", grants=(run.course,))))

    text = sends(manager, f"{PAGE}/new", filled_in(audience_courses=[]))

    assert manager.status == 400
    assert "Choose courses or runs of your own." in text


def test_drafting_needs_the_permission() -> None:
    reader = Visitor(account("Bo", is_staff=True))
    reader.reads(f"{PAGE}/new")

    assert reader.status == 403


def test_a_started_experiment_cannot_be_edited(boss: Visitor, run: CourseRun) -> None:
    enroll_many(run, 4)
    start(draft(courses=[run.course]))

    boss.reads(f"{PAGE}/strict-marks/edit")

    assert boss.status == 404


def test_the_calculator_answers_in_units(boss: Visitor, run: CourseRun) -> None:
    enroll_many(run, 20)
    query = f"kpi={STARTED}&effect=5&unit=learner&method=fixed&variants=2&alpha=0.05&power=0.8"

    text = boss.reads(f"{PAGE}/power?{query}&end=2027-03-01")

    assert boss.status == 200
    assert "Units in the audience now 20" in text


def test_the_calculator_must_not_reveal_other_courses(run: CourseRun) -> None:
    manager = Visitor(account("Bo", grants=(run.course,)))
    query = f"kpi={STARTED}&effect=5&unit=learner&method=fixed&variants=2&alpha=0.05&power=0.8"

    manager.reads(f"{PAGE}/power?{query}")

    assert manager.status == 400
