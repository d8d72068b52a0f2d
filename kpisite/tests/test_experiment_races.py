"""Two people at the same moment, two processes, and one that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.tests.people import account
from curriculum.models import CourseRun
from curriculum.parameters import create_missing
from experiments import deviations, lifecycle
from experiments.assignment import assign
from experiments.drafts import PlannedMetric
from experiments.models import Analysis, AnalysisResult, Assignment, Experiment
from experiments.nightly import analyze_due
from experiments.tests.outcomes import expose_all
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many
from kpis.tests.kernel import run_of
from kpisite.testing.worker import database_url

pytestmark = pytest.mark.django_db(transaction=True)
NOW = STARTED_AT + timedelta(hours=1)
COMPLETION, VELOCITY = "engagement.completion-rate", "engagement.progress-velocity"


@pytest.fixture
def run(db: None) -> CourseRun:
    create_missing()
    made = run_of("r1")
    enroll_many(made, 30)
    return made


def drafted(run: CourseRun, key: str = "strict-marks") -> Experiment:
    metrics = (
        PlannedMetric(kpi=COMPLETION, role="primary"),
        PlannedMetric(kpi=VELOCITY, role="secondary"),
    )
    return draft(key, courses=[run.course], metrics=metrics)


def at_once(*actions: Callable[[], object]) -> list[str]:
    """Run actions at the same moment; return the sentences of those that were refused."""
    start, refused = Barrier(len(actions)), list[str]()

    def act(action: Callable[[], object]) -> None:
        start.wait()
        try:
            action()
        except ValidationError as error:
            refused.extend(error.messages)
        finally:
            connection.close()

    threads = [Thread(target=act, args=(one,)) for one in actions]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return refused


def test_of_two_drafts_with_one_key_one_is_saved(run: CourseRun) -> None:
    refused = at_once(lambda: drafted(run), lambda: drafted(run))

    assert refused == ["Experiment with this Key already exists."]
    assert Experiment.objects.get().variants.count() == 2


def test_of_two_people_who_start_it_one_wins(run: CourseRun) -> None:
    experiment = drafted(run)
    people = [account("Ada", is_staff=True), account("Bo", is_staff=True)]
    refused = at_once(
        *(
            lambda by=by: lifecycle.start(
                experiment, by, expected_version=experiment.version, now=STARTED_AT
            )
            for by in people
        )
    )

    winner = Experiment.objects.get().started_by
    assert len(refused) == 1
    assert f"Started by {winner}" in refused[0]
    assert experiment.events.filter(kind="started").count() == 1


def test_of_two_experiments_on_one_parameter_one_starts(run: CourseRun) -> None:
    both = [drafted(run, "first"), drafted(run, "second")]
    refused = at_once(*(lambda one=one: lifecycle.start(one, None, now=STARTED_AT) for one in both))

    assert len(refused) == 1
    assert "Put both into one layer" in refused[0]
    assert Experiment.objects.running().count() == 1


def test_of_a_stop_and_a_change_at_one_moment_one_is_refused(run: CourseRun) -> None:
    experiment = lifecycle.start(drafted(run), None, now=STARTED_AT)
    seen = experiment.version
    weights = {"weights": {"control": "0.4", "strict": "0.6"}}
    refused = at_once(
        lambda: lifecycle.stop(experiment, None, reason="Done.", expected_version=seen),
        lambda: deviations.edit_running(
            experiment, None, weights, reason="Costs.", expected_version=seen
        ),
    )

    assert len(refused) == 1
    assert "has changed meanwhile" in refused[0]


def test_two_processes_assign_a_learner_once(run: CourseRun) -> None:
    lifecycle.start(drafted(run), None, now=STARTED_AT)
    ids = list(run.enrollments.values_list("learner", flat=True))

    assert at_once(*[lambda: assign(ids, now=NOW)] * 3) == []
    assert Assignment.objects.count() == len(ids)


# dies when the second KPI has been summed, or before the results are stored
DYING = """
import os, signal
import django
django.setup()
from datetime import datetime
from experiments.analysis import analyze
from experiments.models import AnalysisResult
from experiments.nightly import analyze_due
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{replaced} = die
analyze_due(datetime.fromisoformat("{now}"))
"""


@pytest.mark.parametrize("replaced", ["analyze.verdict_of", "AnalysisResult.objects.bulk_create"])
def test_a_killed_analysis_leaves_nothing_and_the_next_run_makes_it(
    run: CourseRun, replaced: str
) -> None:
    experiment = lifecycle.start(drafted(run), None, now=STARTED_AT)
    assign(list(run.enrollments.values_list("learner", flat=True)), now=NOW)
    expose_all(experiment, NOW)
    night = STARTED_AT + DAY
    script = DYING.format(replaced=replaced, now=night.isoformat())
    env = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "kpisite.settings",
    }
    command = [sys.executable, "-c", script]
    died = subprocess.run(command, env=env, cwd=settings.BASE_DIR, check=False, timeout=120)

    assert died.returncode == -signal.SIGKILL
    assert not Analysis.objects.exists()
    assert analyze_due(night) == 1
    assert AnalysisResult.objects.filter(analysis=Analysis.objects.get()).count() == 4
