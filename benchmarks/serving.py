"""Time the API of one KPI and the dashboard: unchanged, as a 304, and after a change (SQLite).

python -m benchmarks.serving [--against CHECKOUT] [--courses 20 200] [--repeat 30]

Printed is CPU time per request through all middleware, in one process. With --against the same is
measured on another checkout, in turn, and the ratio printed.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

CHANGED = "after a change"
OWN = Path(__file__).resolve()
MONTHS, MODULES, N = 15, 8, 200
API, PAGE = "/api/kpi/engagement/completion-rate", "/kpi-dashboard"
# an open page reloads after a change: it never gets what was kept for the same reader
RELOAD = {"Live-Read": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--against", type=Path, help="Another checkout, such as an older one.")
    parser.add_argument("--courses", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--profile", action="store_true", help="Print a profile of the page.")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(chosen.one, chosen.repeat, is_profiled=chosen.profile)))
        return
    for courses in chosen.courses:
        here = apart(OWN.parents[1], courses, chosen)
        against = apart(chosen.against, courses, chosen) if chosen.against else {}
        for what, ms in here.items():
            other = f", {ms / against[what]:.3f} of {against[what]:.2f}" if against else ""
            print(f"{courses:4} courses, {what:24} {ms:8.2f} ms{other}", flush=True)


def apart(checkout: Path, courses: int, chosen: argparse.Namespace) -> dict[str, float]:
    """Measure in a process of its own, with the code of a checkout and a new database."""
    options = ["--one", str(courses), "--repeat", str(chosen.repeat)]
    options += ["--profile"] if chosen.profile else []
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(OWN), *options],
            env=os.environ
            | {"PYTHONPATH": str(checkout), "KPI_DATA_DIR": folder, "LOG_LEVEL": "ERROR"},
            cwd=checkout,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    *printed, last = done.stdout.splitlines()
    print("\n".join(printed))
    answer: dict[str, float] = json.loads(last)
    return answer


def measured(courses: int, repeat: int, *, is_profiled: bool) -> dict[str, float]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "kpisite.settings"
    import django  # noqa: PLC0415  (of the checkout that is measured)
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    settings.ALLOWED_HOSTS.append("testserver")
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    call_command("migrate", verbosity=0)
    fill(courses)
    found = {}
    for what, ask in requests():
        is_changed = what.endswith(CHANGED)
        for _ in range(3):
            ask()
        times = [cpu_seconds(ask, is_changed=is_changed) for _ in range(repeat)]
        found[what] = 1000 * statistics.median(times)
        if is_profiled and what == f"dashboard, {CHANGED}":
            profiler = cProfile.Profile()
            for _ in range(5):
                change()
                profiler.runcall(ask)
            pstats.Stats(profiler).sort_stats("cumulative").print_stats(70)
    return found


def cpu_seconds(ask: Callable[[], Any], *, is_changed: bool) -> float:
    if is_changed:
        change()
    begun = time.process_time()
    ask()
    return time.process_time() - begun


def change() -> None:
    from kpis.models import Measurement  # noqa: PLC0415

    row = Measurement.objects.first()
    assert row  # noqa: S101
    row.save()


def requests() -> Iterator[tuple[str, Callable[[], Any]]]:
    from django.test import Client  # noqa: PLC0415

    from accounts.api_keys import create_api_key  # noqa: PLC0415
    from accounts.models import User  # noqa: PLC0415

    reader = Client()
    reader.force_login(User.objects.create_superuser("ada@example.com"))
    _, secret = create_api_key("bi", ["kpis:read", "kpis:small-groups"])
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    for name, client, path in (
        ("API with a key", program, API),
        ("API, signed in", reader, API),
        ("dashboard", reader, PAGE),
    ):

        def ask(client: Client = client, path: str = path, **headers: str) -> Any:
            response = client.get(path, headers=headers)
            assert response.status_code in (200, 304), response  # noqa: S101
            return response

        yield f"{name}, unchanged", ask
        tag = ask().headers.get("ETag", "")
        yield f"{name}, 304", asking(ask, {"If-None-Match": tag})
        if path == PAGE:
            yield f"{name}, reloaded by another", asking(ask, RELOAD)
        yield f"{name}, {CHANGED}", ask


def asking(ask: Callable[..., Any], headers: Mapping[str, str]) -> Callable[[], Any]:
    return lambda: ask(**headers)


def fill(courses: int) -> None:
    """Store months of every KPI for the site, its courses and their modules."""
    from django.utils import timezone  # noqa: PLC0415

    from curriculum.models import Course, Module  # noqa: PLC0415
    from kpis.definitions.registry import REGISTRY  # noqa: PLC0415
    from kpis.models import DataFreshness, Measurement  # noqa: PLC0415

    now = timezone.now()
    made = Course.objects.bulk_create(
        Course(key=f"c{at}", title=f"Course {at}") for at in range(courses)
    )
    modules = Module.objects.bulk_create(
        Module(course=one, key=f"m{at}", title=f"Module {at}", position=at)
        for one in made
        for at in range(1, MODULES + 1)
    )
    categories = {one.category for one in REGISTRY.values()}
    DataFreshness.objects.bulk_create(
        DataFreshness(category=key, course=one, data_through=now, received_at=now)
        for key in categories
        for one in made
    )
    scopes: list[tuple[str, int, int | None]] = [("site", 0, None)]
    scopes += [("course", one.pk, one.pk) for one in made]
    parts = [("module", one.pk, one.course_id) for one in modules]
    chance = random.Random(1)  # noqa: S311
    rows = (
        Measurement(
            kpi=key, scope=scope, scope_id=pk, course_id=course, period_kind="month",
            period_start=month, n=N, total=N * share, weight=N, learners=N, units=N,
            yy=N * (share * share + 0.01), xx=N, xy=N * share, definition_version=one.version,
            computed_at=now,
        )
        for key, one in REGISTRY.items() if not one.parts
        for scope, pk, course in [*scopes, *(parts if one.has_modules else [])]
        for month in months(now.date())
        for share in [min(chance.gauss(0.8, 0.05), 1.0)]
    )  # fmt: skip
    Measurement.objects.bulk_create(rows, batch_size=2_000)


def months(today: date) -> list[date]:
    found = [today.replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


if __name__ == "__main__":
    main()
