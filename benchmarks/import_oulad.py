"""Time an import of the Open University dataset into a new database, file by file.

python -m benchmarks.import_oulad PATH [--postgresql]
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import django
from django.apps import apps
from django.core.management import call_command

from kpisite.testing import postgres


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("path", type=Path, help="The publisher's zip or its unpacked folder.")
    parser.add_argument("--postgresql", action="store_true", help="Use PostgreSQL, not SQLite.")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "kpisite.settings"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KPI_DATA_DIR"] = folder
        with _database(Path(folder), is_postgresql=options.postgresql):
            _time(options.path)


@contextmanager
def _database(folder: Path, *, is_postgresql: bool) -> Iterator[None]:
    if not is_postgresql:
        yield
        return
    # with the default settings, not the fast ones of the tests: data must survive a power failure
    with mock.patch.object(postgres, "FAST", ("max_connections=20",)):
        process, url = postgres.start(folder / "postgresql")
    os.environ["DATABASE_URL"], os.environ["SECRET_KEY"] = url, "benchmark-" * 6
    try:
        yield
    finally:
        # SIGTERM would wait until our own connection closes
        process.send_signal(signal.SIGINT)
        process.wait()


def _time(path: Path) -> None:
    django.setup()
    from engagement.oulad.report import by_file  # noqa: PLC0415  (needs Django to be set up)

    call_command("migrate", verbosity=0)
    start = time.monotonic()
    call_command("import_oulad", path)
    total = time.monotonic() - start
    reports = by_file(apps.get_model("intake.ImportRun").objects.get().report)
    for file, report in reports.items():
        print(f"{file:25} {report.seconds:6.1f} s")
    print(f"{'total, with KPIs':25} {total:6.1f} s")
    print(f"{'peak memory':25} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:6} MB")


if __name__ == "__main__":
    main()
