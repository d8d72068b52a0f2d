"""Compare who needs help first with a baseline on clicks, on the Open University's data set.

python -m benchmarks.learners_to_help PATH

Learns from the presentations of 2013 and tests on those of 2014. The facts are what the importer
makes of the files; histories, standings, rules and model are those of the product.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.databases import new_database

if TYPE_CHECKING:
    from support.prediction.examples import Examples

LEARNED, TESTED = ("2013B", "2013J"), ("2014B", "2014J")
FIRST_WEEK, MOST_CALIBRATION_ERROR = 3, 0.05
HEAD = "week learners unfinished | AUC of clicks, rules, model | calibration error of the same"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("path", type=Path, help="The publisher's zip or its unpacked folder.")
    options = parser.parse_args()
    with new_database(is_postgresql=False):
        _compare(options.path)


def _compare(path: Path) -> None:
    # they need Django to be set up
    from engagement.oulad.importing import import_dataset  # noqa: PLC0415
    from support.prediction.examples import sample  # noqa: PLC0415
    from support.prediction.fitting import fit  # noqa: PLC0415
    from support.prediction.rules import share_of_points  # noqa: PLC0415

    import_dataset(path)
    (learned, clicks_learned), (tested, clicks_tested) = map(_examples, (LEARNED, TESTED))
    began = time.monotonic()
    formula = fit(sample(learned))
    print(f"fitted in {time.monotonic() - began:.1f} s on {len(sample(learned))} weeks")
    model = formula.chances(tested.standings, tested.course)
    rules = share_of_points(tested.standings)
    print(HEAD)
    worst, is_better = 0.0, True
    for week in np.unique(tested.week).tolist():
        now, then = tested.week == week, learned.week == week
        outcome = tested.is_unfinished[now]
        if not 0 < outcome.sum() < len(outcome) or not then.any():
            continue
        baseline = _baseline(clicks_learned[then], learned.is_unfinished[then], clicks_tested[now])
        found = [_quality(outcome, one) for one in (baseline, rules[now], model[now])]
        aucs, errors = zip(*found, strict=True)
        if week >= FIRST_WEEK:
            worst, is_better = max(worst, errors[2]), is_better and aucs[2] > aucs[0]
        figures = "  ".join(f"{one:.3f}" for one in (*aucs, *errors))
        print(f"{week:4} {len(outcome):8} {outcome.mean():8.3f}   {figures}")
    print(f"better than clicks in every week from the third: {'yes' if is_better else 'no'}")
    print(f"worst calibration error from the third week: {worst:.3f} (≤ {MOST_CALIBRATION_ERROR})")


def _examples(presentations: tuple[str, ...]) -> tuple[Examples, Any]:
    """Return the weeks of some presentations, and clicks until then: in all, in a week, a month."""
    from curriculum.models import Enrollment  # noqa: PLC0415
    from engagement.models import DailyActivity  # noqa: PLC0415
    from support.prediction import loading  # noqa: PLC0415
    from support.prediction.examples import examples_of  # noqa: PLC0415

    began = time.monotonic()
    enrollments = Enrollment.objects.counted().filter(run__key__in=presentations)
    loaded = loading.load(enrollments)
    examples = examples_of(loaded)
    names = ("enrollment_id", "day", "interactions")
    rows = DailyActivity.objects.filter(enrollment__in=enrollments.values("pk")).values_list(*names)
    columns = list(zip(*rows.iterator(50_000), strict=True))
    place = np.searchsorted(loaded.ids, np.array(columns[0]))
    offset = np.array([day.toordinal() for day in columns[1]]) - loaded.begins[place]
    clicks = np.array(columns[2])
    found = np.zeros((len(examples), 3))
    for week in np.unique(examples.week).tolist():
        own = examples.week == week
        row = np.searchsorted(loaded.ids, examples.enrollment[own])
        for column, since in enumerate((-10_000, 7 * week - 7, 7 * week - 28)):
            counted = (offset < 7 * week) & (offset >= since)
            sums = np.bincount(place[counted], clicks[counted], len(loaded))
            found[own, column] = np.log1p(sums[row])
    took = time.monotonic() - began
    print(f"{', '.join(presentations)}: {len(loaded)} enrollments in {took:.1f} s")
    return examples, found


def _baseline(learned: Any, outcome: Any, tested: Any) -> Any:
    """Return the chances by a logistic regression on clicks alone, fitted for this week."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    return LogisticRegression().fit(learned, outcome).predict_proba(tested)[:, 1]


def _quality(outcome: Any, chances: Any) -> tuple[float, float]:
    from support.prediction.quality import auc, calibration_error  # noqa: PLC0415

    return auc(outcome, chances) or 0.0, calibration_error(outcome, chances)


if __name__ == "__main__":
    main()
