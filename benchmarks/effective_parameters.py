"""Compare the CPU of the values in force with that of a 304.

python -m benchmarks.effective_parameters [--courses 50] [--modules 12] [--changes 2000]
    [--postgresql] [--profile]

The question is that of a learning platform: a key, a course, a run, a module and a learner. A 304
should cost at most a third. Both are measured as whole requests, and as what the view itself does
after the key was checked.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.module_loading import import_string

from benchmarks.databases import new_database

PATH = "/api/curriculum/parameters/effective"
ASKED = {"course": "c1", "run": "r1", "module": "m1", "learner": "ada"}
BATCHES, REQUESTS = 15, 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--courses", type=int, default=50)
    parser.add_argument("--modules", type=int, default=12)
    parser.add_argument("--changes", type=int, default=2_000)
    parser.add_argument("--postgresql", action="store_true", help="Instead of SQLite.")
    parser.add_argument("--profile", action="store_true", help="Print profiles.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgresql):
        key, secret = fill(chosen.courses, chosen.modules, chosen.changes)
        requests(secret, is_profiled=chosen.profile)
        views(key)


def fill(courses: int, modules: int, changes: int) -> tuple[Any, str]:
    """Create courses, a learner, values of all scopes and a key; returns it with its secret."""
    made = [model("Course").objects.create(key=f"c{at}", title=f"C{at}") for at in range(courses)]
    for one in made:
        parts = (model("Module")(course=one, key=f"m{at}", position=at) for at in range(modules))
        model("Module").objects.bulk_create(parts)
    run = model("CourseRun").objects.create(course=made[1], key="r1")
    learner = model("Learner").objects.create(key="ada")
    sign_up = import_string("curriculum.enrolling.SignUp")
    import_string("curriculum.enrolling.enroll")(
        [sign_up(learner_id=learner.pk, run_id=run.pk, enrolled_at=timezone.now())]
    )
    add_changes(made, changes)
    created: tuple[Any, str] = import_string("accounts.api_keys.create_api_key")(
        "lms", ["curriculum:read"]
    )
    return created


def add_changes(made: list[Any], count: int) -> None:
    """Change pass marks of modules and courses, in steps within the bounds."""
    parameter_for = import_string("curriculum.parameters.parameter_for")
    seeded_random, now = random.Random(1), timezone.now()  # noqa: S311
    places = [{"course": one} for one in made]
    places += [{"module": part} for one in made for part in one.modules.all()]
    rows = [parameter_for("module.pass-mark", **place) for place in places]
    change = model("ParameterChange")
    change.objects.bulk_create(
        change(
            parameter=row, old_value=row.value, minimum=row.minimum, maximum=row.maximum,
            step=row.step, new_value=Decimal(seeded_random.randrange(30, 101, 5)) / 100,
            status="applied", reason="Measured.", proposed_at=at, decided_at=at,
        )
        for row, at in (
            (rows[number % len(rows)], now - timedelta(minutes=number)) for number in range(count)
        )
    )  # fmt: skip


def requests(secret: str, *, is_profiled: bool) -> None:
    client = import_string("django.test.Client")(
        HTTP_HOST="localhost", headers={"Authorization": f"Bearer {secret}"}
    )
    tag = client.get(PATH, ASKED).headers["ETag"]

    def ask(headers: Mapping[str, str]) -> int:
        return int(client.get(PATH, ASKED, headers=headers).status_code)

    compare("whole request", lambda: ask({}), lambda: ask({"If-None-Match": tag}))
    if is_profiled:
        for headers in ({}, {"If-None-Match": tag}):
            with cProfile.Profile() as profile:
                for _ in range(REQUESTS):
                    ask(headers)
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


def views(key: Any) -> None:
    """Measure the view alone, with a key that was checked."""
    factory = import_string("rest_framework.test.APIRequestFactory")()
    view = import_string("curriculum_pages.api.effective.EffectiveValuesView").as_view()
    force = import_string("rest_framework.test.force_authenticate")

    def ask(**headers: str) -> Any:
        request = factory.get(PATH, ASKED, **headers)
        force(request, user=key)
        return view(request).render()

    tag = ask().headers["ETag"]
    compare(
        "without middleware and authentication",
        lambda: int(ask().status_code),
        lambda: int(ask(HTTP_IF_NONE_MATCH=tag).status_code),
    )


def compare(name: str, full: Callable[[], int], unchanged: Callable[[], int]) -> None:
    if (statuses := (full(), unchanged())) != (200, 304):
        raise SystemExit(f"Expected 200 and 304, got {statuses}.")
    times = [(cpu(full), cpu(unchanged)) for _ in range(BATCHES)]
    one, other = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{name}: full {one:.2f} ms CPU, {queries(full)} queries; 304 {other:.2f} ms, "
        f"{queries(unchanged)} queries; ratio {one / other:.1f}"
    )


def cpu(ask: Callable[[], int]) -> float:
    began = time.process_time()
    for _ in range(REQUESTS):
        ask()
    return (time.process_time() - began) / REQUESTS * 1_000


def queries(ask: Callable[[], int]) -> int:
    with CaptureQueriesContext(connection) as found:
        ask()
    return len(found)


def model(name: str) -> Any:
    return import_string(f"curriculum.models.{name}")


if __name__ == "__main__":
    main()
