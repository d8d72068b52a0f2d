"""Time the analysis of an experiment against a bare pandas groupby over the same rows.

python -m benchmarks.experiments [--learners 100000] [--repeat 3] [--postgresql]

Printed are the assignment of 10,000 learners in one call and in one request, of one learner with
and without the cache, the analysis of ten KPIs from the fact rows to the stored result, also as the
nightly task, and its ratio to pandas (an extra of this benchmark: pip install pandas), which groups
the same rows by learner and then by variant.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.utils.module_loading import import_string

from benchmarks.databases import new_database
from benchmarks.experiment_facts import DAY, KPIS, START, fill, insert

AT_ONCE = 10_000
# what pandas reads of each row: numerator, denominator, date and table
ENROLLMENTS = "curriculum_enrollment e"
OF_ENROLLMENTS = "{} f JOIN curriculum_enrollment e ON e.id = f.enrollment_id"
SHARE = "CASE WHEN {} THEN 1.0 ELSE 0 END"
DONE = " LEFT JOIN engagement_moduleprogress p ON p.planned_id = f.id"
EARNED = " LEFT JOIN outcomes_certificate c ON c.enrollment_id = e.id"
NPS = "CASE WHEN f.nps >= 9 THEN 1.0 WHEN f.nps <= 6 THEN -1 ELSE 0 END"
ROWS = {
    KPIS[0]: (SHARE.format("e.completed_at <= e.due_at"), "1.0", "e.due_at", ENROLLMENTS),
    KPIS[1]: (
        "CASE WHEN p.done_at IS NULL THEN 0 ELSE f.effort_minutes END",
        "f.effort_minutes",
        "f.due_at",
        OF_ENROLLMENTS.format("curriculum_plannedmodule") + DONE,
    ),
    KPIS[2]: (
        "f.watched_seconds", "100.0", "f.started_at",
        OF_ENROLLMENTS.format("engagement_videoprogress"),
    ),
    KPIS[3]: (
        SHARE.format("f.is_productive"), "1.0", "f.week",
        OF_ENROLLMENTS.format("engagement_weekpresence"),
    ),
    KPIS[4]: (
        "f.score", "1.0", "f.graded_at", OF_ENROLLMENTS.format("engagement_assessmentresult")
    ),
    KPIS[5]: (
        SHARE.format("f.score >= f.mastery"), "1.0", "f.assessed_at",
        OF_ENROLLMENTS.format("outcomes_skillassessment"),
    ),
    KPIS[6]: (SHARE.format("c.id IS NOT NULL"), "1.0", "e.due_at", ENROLLMENTS + EARNED),
    KPIS[7]: (
        SHARE.format("f.csat >= 4"), "1.0", "f.answered_at",
        OF_ENROLLMENTS.format("outcomes_response"),
    ),
    KPIS[8]: (NPS, "1.0", "f.answered_at", OF_ENROLLMENTS.format("outcomes_response")),
    KPIS[9]: (
        "f.amount * 1.0", "1.0", "f.booked_at",
        "business_payment f JOIN business_customer e ON e.id = f.customer_id",
    ),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--learners", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--postgresql", action="store_true", help="Instead of SQLite.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgresql, has_cache=True):
        begun = time.perf_counter()
        experiment = fill(chosen.learners)
        print(f"{chosen.learners:,} learners, filled in {time.perf_counter() - begun:.0f} s")
        time_assignment(chosen.learners)
        time_requests(chosen.learners)
        time_cache()
        expose(experiment)
        time_analysis(experiment, chosen.repeat)
        time_nights(chosen.repeat)


def time_assignment(learners: int) -> None:
    """Assign all learners but the last 10,000, whom requests assign."""
    assign = import_string("experiments.assignment.assign")
    parts = [ids_from(at) for at in range(0, learners - AT_ONCE, AT_ONCE)]
    for what in ("assignment of 10,000 learners", "the same, known by then"):
        show(what, [lasts(partial(assign, one, now=START)) for one in parts])


def time_requests(learners: int) -> None:
    """Assign the last 10,000 learners by a request, and ask for them again."""
    _, secret = import_string("accounts.api_keys.create_api_key")("benchmark", ["experiments:read"])
    client = import_string("django.test.Client")(
        HTTP_HOST="localhost", headers={"Authorization": f"Bearer {secret}"}
    )
    learner = import_string("curriculum.models.Learner")
    ids = ids_from(max(0, learners - AT_ONCE))
    keys = list(learner.objects.filter(pk__range=(ids[0], ids[-1])).values_list("key", flat=True))
    ask = partial(
        client.post, "/api/experiments/assignments", {"learners": keys}, "application/json"
    )
    show("request for 10,000, new", [lasts(ask)])
    show("request for 10,000, cached", [lasts(ask) for _ in range(3)])


def time_cache() -> None:
    """Compare one assignment from the database, where it is stored, with one from the cache."""
    placements_of = import_string("experiments.assignment.cached.placements_of")
    ids = ids_from(0)[:200]
    placements_of(ids)
    uncached = [lasts(partial(placements_of, [one], is_fresh=True)) for one in ids]
    cached = [lasts(partial(placements_of, [one])) for one in ids]
    show("one assignment, uncached", uncached, digits=2)
    show("one assignment, cached", cached, digits=2)
    print(f"{'ratio':30}{statistics.median(uncached) / statistics.median(cached):8.2f}")


def ids_from(first: int) -> list[int]:
    rows = import_string("curriculum.models.Learner").objects.order_by("pk")
    return list(rows.values_list("pk", flat=True)[first : first + AT_ONCE])


def expose(experiment: Any) -> None:
    assignment = import_string("experiments.models.Assignment")
    rows = assignment.objects.order_by("learner").values_list("learner_id", "variant_id")
    insert(
        import_string("experiments.models.Exposure"),
        ("experiment_id", "learner_id", "variant_id", "first_at", "first_on"),
        ((experiment.pk, pk, variant, START + timedelta(minutes=pk % 600), START.date())
         for pk, variant in rows),
    )  # fmt: skip
    import_string("core.database.query_planner.analyze_all")()


def time_analysis(experiment: Any, repeat: int) -> None:
    analyze = import_string("experiments.analysis.analyze.analyze")
    now = START + 60 * DAY
    ours, theirs = [], []
    for _ in range(repeat):
        ours.append(lasts(lambda: analyze(experiment, now=now)))
        theirs.append(with_pandas(experiment))
    show(f"analysis of {len(KPIS)} KPIs", ours)
    if all(theirs):
        read = statistics.median(read for read, _ in filter(None, theirs))
        grouped = statistics.median(grouped for _, grouped in filter(None, theirs))
        show("pandas: reading the rows", [read])
        show("pandas: groupby alone", [grouped])
        print(f"ratio to the groupby alone    {statistics.median(ours) / grouped:8.2f}")
        print(f"ratio with reading the rows   {statistics.median(ours) / (read + grouped):8.2f}")


def time_nights(repeat: int) -> None:
    analyze_due = import_string("experiments.nightly.analyze_due")
    nights = [START + (60 + at) * DAY for at in range(repeat)]
    show("nightly task", [lasts(partial(analyze_due, night)) for night in nights])


def with_pandas(experiment: Any) -> tuple[float, float] | None:
    """Return the seconds of reading the rows, and of grouping them; None without pandas."""
    try:
        pandas = import_string("pandas.DataFrame")
    except ImportError:
        print("pandas is not installed, so nothing is compared.")
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT learner_id, variant_id FROM experiments_exposure WHERE experiment_id = %s",
            [experiment.pk],
        )
        units = pandas(cursor.fetchall(), columns=["unit", "variant"])
    read = grouped = 0.0
    for kpi in KPIS:
        begun = time.perf_counter()
        with connection.cursor() as cursor:
            bound = START.date() if kpi.endswith("interaction-rate") else START
            adapt = connection.ops.adapt_datetimefield_value
            y, x, at, table = ROWS[kpi]
            statement = f"SELECT e.learner_id, {y}, {x}, {at} >= %s FROM {table}"  # noqa: S608
            cursor.execute(statement, [bound if bound is not START else adapt(START)])
            rows = pandas(cursor.fetchall(), columns=["unit", "y", "x", "is_after"])
            rows = rows.astype({"y": float, "x": float, "is_after": bool})
        read += time.perf_counter() - begun
        grouped += lasts(lambda rows=rows: by_variant(rows, units))  # type: ignore[misc]
    return read, grouped


def by_variant(rows: Any, units: Any) -> Any:
    after = rows[rows.is_after].groupby("unit")[["y", "x"]].sum()
    before = rows[~rows.is_after].groupby("unit")[["y", "x"]].sum().add_suffix("0")
    joined = units.set_index("unit").join(after).join(before).fillna(0.0)
    columns = ["y", "x", "y0", "x0"]
    for at, one in enumerate(columns):
        for other in columns[at:]:
            joined[one + other] = joined[one] * joined[other]
    return joined.groupby("variant").agg(["sum"])


def show(what: str, seconds: Sequence[float], digits: int = 0) -> None:
    print(f"{what:30}{1000 * statistics.median(seconds):8.{digits}f} ms")


def lasts(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
