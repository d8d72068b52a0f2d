"""Count the queries and time the CPU of pages on the demonstration data, as staff and as manager.

python -m benchmarks.pages FOLDER [--against CHECKOUT FOLDER] [--repeat 15] [--only PATTERN]

FOLDER is a KPI_DATA_DIR in which that checkout has loaded its demonstration (SQLite); it is copied.
Measured in one process, through all middleware, after the first requests have warmed it up:

after a change   something unrelated was committed, so that nothing cached is served
unchanged        as every further visit within the minute is served
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OWN = Path(__file__).resolve()
ROLES = ("staff", "manager")
TABS = ("engagement", "outcome", "business")
LONG = "&from=2026-01-01&to=2026-10-31"
PATHS = {
    **{tab: f"/kpi-dashboard?tab={tab}" for tab in TABS},
    **{f"{tab}, 10 months": f"/kpi-dashboard?tab={tab}{LONG}" for tab in TABS},
    "KPI completion rate": "/kpi-dashboard/engagement.completion-rate",
    "KPI NPS": "/kpi-dashboard/outcome.satisfaction",
    "KPI retention": "/kpi-dashboard/business.retention",
    "KPI depth": "/kpi-dashboard/engagement.depth",
    "alerts": "/alerts",
    "one alert": "/alerts/1",
    "parameters": "/curriculum-parameters",
    "framework": "/curriculum-framework",
    "adjustments": "/curriculum-adjustments",
    "experiments": "/experiments",
}
ADMIN_PATHS = {
    "admin": "/admin/",
    "admin learners": "/admin/curriculum/learner/",
    "admin enrollments": "/admin/curriculum/enrollment/",
    "admin measurements": "/admin/kpis/measurement/",
    "admin events": "/admin/intake/event/",
    "admin payments": "/admin/business/payment/",
    "admin responses": "/admin/outcomes/response/",
    "admin alerts": "/admin/alerts/alert/",
}
Figures = dict[str, tuple[int, float, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--against", type=Path, nargs=2, metavar=("CHECKOUT", "FOLDER"))
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--only", default="", help="Only pages whose name matches this pattern.")
    parser.add_argument("--profile", action="store_true", help="Print where the time is spent.")
    parser.add_argument("--queries", action="store_true", help="Print the queries.")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(chosen)))
        return
    here = apart(OWN.parents[1], chosen.folder, sys.argv[1:])
    there: Figures = {}
    if chosen.against:
        checkout, folder = chosen.against
        there = apart(checkout, folder, sys.argv[1:])
    print(f"{'':34}queries   after a change      unchanged")
    for name, figures in here.items():
        print(line(name, figures, there.get(name)), flush=True)


def line(name: str, here: tuple[int, float, float], there: tuple[int, float, float] | None) -> str:
    queries, changed, unchanged = here
    text = f"{name:34}{queries:4}   {changed:9.1f} ms   {unchanged:9.2f} ms"
    if there:
        text += f"   before: {there[0]:4}   {there[1]:7.1f} ms ({there[1] / changed:.1f}x)"
        text += f"   {there[2]:7.2f} ms ({there[1] / unchanged:.0f}x, {there[2] / unchanged:.1f}x)"
    return text


def apart(checkout: Path, folder: Path, arguments: list[str]) -> Figures:
    """Measure in a process of its own, with a checkout, its packages and a copy of its data."""
    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(Path(folder, "secret-key"), copy)
        with (
            sqlite3.connect(Path(folder, "kpi.sqlite3")) as source,
            sqlite3.connect(Path(copy, "kpi.sqlite3")) as target,
        ):
            source.backup(target)
        own = checkout / ".venv/bin/python"
        done = subprocess.run(
            [str(own if own.exists() else sys.executable), str(OWN), *arguments, "--one"],
            env=os.environ | {"PYTHONPATH": str(checkout), "KPI_DATA_DIR": copy}
            | {"LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "kpisite.settings"},
            cwd=checkout,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
    *printed, last = done.stdout.splitlines()
    print("\n".join(printed))
    found: Figures = json.loads(last)
    return found


def measured(chosen: argparse.Namespace) -> Figures:
    import django  # noqa: PLC0415  (of the checkout that is measured)
    from django.conf import settings  # noqa: PLC0415

    django.setup()
    settings.ALLOWED_HOSTS.append("testserver")
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    # without a Valkey, open pages would follow the database
    settings.CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    found = {}
    for name, client, path in pages():
        if re.search(chosen.only, name):
            print(name, path)
            found[name] = of_page(client, path, chosen)
    return found


def pages() -> Iterator[tuple[str, Any, str]]:
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    backends = settings.AUTHENTICATION_BACKENDS
    by_password = next(one for one in backends if re.search("(Password|Model)Backend$", one))
    for role in ROLES:
        client = Client(headers={"Accept-Encoding": "gzip"})
        user = get_user_model().objects.get(email=f"{role}@example.com")
        client.force_login(user, by_password)
        paths = PATHS | ADMIN_PATHS if role == "staff" else PATHS
        for name, path in paths.items():
            yield f"{role}: {name}", client, path


def of_page(client: Any, path: str, chosen: argparse.Namespace) -> tuple[int, float, float]:
    from django.db import connection  # noqa: PLC0415

    def ask() -> None:
        response = client.get(path)
        if response.status_code != 200:
            print(f"  status {response.status_code}")

    for _ in range(2):
        change()
        ask()
    queries: list[str] = []

    def note(execute: Any, sql: str, *parameters: Any) -> Any:
        queries.append(sql)
        return execute(sql, *parameters)

    change()
    with connection.execute_wrapper(note):
        ask()
    if chosen.queries:
        print("\n".join(f"  {one[:600]}" for one in queries))
    if chosen.profile:
        profile(ask)
    changed = [seconds(ask, is_changed=True) for _ in range(chosen.repeat)]
    unchanged = [seconds(ask) for _ in range(chosen.repeat)]
    return (
        len(queries),
        1000 * statistics.median(changed),
        1000 * statistics.median(unchanged),
    )


def profile(ask: Any) -> None:
    profiler = cProfile.Profile()
    for _ in range(5):
        change()
        profiler.runcall(ask)
    stats = pstats.Stats(profiler)
    stats.sort_stats("cumulative").print_stats(90)
    stats.sort_stats("tottime").print_stats(40)


def seconds(ask: Any, *, is_changed: bool = False) -> float:
    if is_changed:
        change()
    begun = time.process_time()
    ask()
    return time.process_time() - begun


def change() -> None:
    """Commit something that no page shows."""
    from django.conf import settings  # noqa: PLC0415
    from django.utils.module_loading import import_string  # noqa: PLC0415

    # earlier checkouts keep sessions elsewhere
    Session = import_string(f"{settings.SESSION_ENGINE}.SessionStore").get_model_class()  # noqa: N806

    Session.objects.filter(session_key="nobody").delete()
    Session.objects.create(session_key="nobody", session_data="", expire_date="2000-01-01T00:00Z")


if __name__ == "__main__":
    main()
