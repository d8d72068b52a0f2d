"""Count the errors of many experiments whose effect is known, from fact rows to stored results.

python -m benchmarks.experiment_errors [--experiments 2000] [--learners 400] [--postgresql]
    [--kind share mean ratio clusters] [--cases none planned sequential adjusted]

Printed are, for each kind of KPI, how many of the experiments without an effect find one (of 5%),
and how many find the effect that the calculator says can be detected with a power of 80%. Those
that are sequential are looked at each day. Adjusted ones use the values before the exposure.
"""

from __future__ import annotations

import argparse
import time
from importlib import import_module
from typing import Any

import numpy as np
from django.utils.module_loading import import_string

from benchmarks.databases import new_database

# what is counted, and whether there is an effect
CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "none": ({}, False),
    "planned": ({}, True),
    "adjusted": ({"baseline_days": 90}, False),
    "sequential": ({"is_sequential": True, "looks_daily": True}, False),
    "sequential-planned": ({"is_sequential": True, "looks_daily": True}, True),
}
# learners of a run, if runs are assigned
RUN = 15
# experiments with the same learners: the calculator errs alike for all of them
PER_WORLD = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--experiments", type=int, default=2000)
    parser.add_argument("--learners", type=int, default=400)
    parser.add_argument("--kind", nargs="*", help="All of them, unless given.")
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=CASES)
    parser.add_argument("--postgresql", action="store_true", help="Instead of SQLite.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgresql):
        kinds = import_module("experiments.tests.simulated_trials").KINDS
        for name in chosen.kind or kinds:
            for case in chosen.cases:
                begun = time.perf_counter()
                text = found_in(name, case, chosen.experiments, chosen.learners)
                print(
                    f"{name:9} {case:19} {text}   {time.perf_counter() - begun:6.0f} s", flush=True
                )


def found_in(name: str, case: str, experiments: int, learners: int) -> str:
    """Return how many experiments of a kind find an effect."""
    rng, found = np.random.default_rng(12), 0
    atomic = import_string("django.db.transaction.atomic")
    rollback = import_string("django.db.transaction.set_rollback")
    for begin in range(0, experiments, PER_WORLD):
        with atomic():
            found += count(name, case, min(PER_WORLD, experiments - begin), learners, rng)
            rollback(True)
    share = found / experiments
    error = 1.96 * (share * (1 - share) / experiments) ** 0.5
    return f"{found:5} of {experiments} ({100 * share:4.1f}% ± {100 * error:3.1f})"


def count(name: str, case: str, experiments: int, learners: int, rng: np.random.Generator) -> int:
    """Return how many experiments with the same learners find an effect."""
    simulated: Any = import_module("experiments.tests.simulated_trials")
    kind, (fields, is_planned) = simulated.KINDS[name], CASES[case]
    world = simulated.world_of(kind, kind.runs * RUN or learners, rng)
    if is_planned:
        planned = simulated.planned(world, is_sequential="is_sequential" in fields)
        fields = {**fields, "effect": planned.detectable}
    trial = simulated.Trial(**fields)
    found = [simulated.finds(simulated.results_of(trial, world, rng)) for _ in range(experiments)]
    return found.count("better") if is_planned else len(found) - found.count("")


if __name__ == "__main__":
    main()
