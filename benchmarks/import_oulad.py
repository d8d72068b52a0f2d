"""Time an import of the Open University dataset into a new database, file by file.

python -m benchmarks.import_oulad PATH [--postgresql]
"""

from __future__ import annotations

import argparse
import resource
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.utils import timezone

from benchmarks.databases import new_database


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("path", type=Path, help="The publisher's zip or its unpacked folder.")
    parser.add_argument("--postgresql", action="store_true", help="Use PostgreSQL, not SQLite.")
    options = parser.parse_args()
    with new_database(is_postgresql=options.postgresql):
        _time(options.path)


def _time(path: Path) -> None:
    from engagement.oulad.report import by_file  # noqa: PLC0415  (needs Django to be set up)

    start = timezone.now()
    call_command("import_oulad", path)
    total = (timezone.now() - start).total_seconds()
    import_run = apps.get_model("intake.ImportRun").objects.get()
    for file, report in by_file(import_run.report).items():
        print(f"{file:25} {report.seconds:6.1f} s")
    imported = ((import_run.finished_at or start) - start).total_seconds()
    print(f"{'rows in after':25} {imported:6.1f} s")
    print(f"{'total, with KPIs':25} {total:6.1f} s")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{'CPU of this process':25} {usage.ru_utime + usage.ru_stime:6.1f} s")
    print(f"{'peak memory':25} {usage.ru_maxrss // 1024:6} MB")


if __name__ == "__main__":
    main()
