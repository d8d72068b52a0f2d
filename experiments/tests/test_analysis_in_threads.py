"""Outside of a transaction, KPIs are summed side by side; large experiments with settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from experiments.analysis import analyze
from experiments.models import Experiment
from experiments.tests.analyzed import LATER, analyzed
from kpis.tests.kernel import run_of

pytestmark = pytest.mark.django_db(transaction=True)


def results(experiment: Experiment) -> list[Any]:
    found = analyze.analyze(experiment, now=LATER)
    return list(found.results.order_by("kpi", "variant").values_list("kpi", "sums", "low", "p"))


def test_the_results_are_those_of_one_query_after_another(
    few_kpis: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = analyzed(run_of("r1"), 60)
    with transaction.atomic():
        expected = results(experiment)

    assert results(experiment) == expected
    monkeypatch.setattr(analyze, "LARGE", 1)
    assert results(experiment) == expected
