"""Update database, static files and demonstration data: `python -m kpisite.launcher.prepare`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import InterfaceError, OperationalError

from core.database.outages import FULL, describe_error, outage_of
from kpisite import disk_space

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpisite.settings")


def main() -> None:
    """Prepare everything; exit with one sentence if the disk is full or the database is down."""
    try:
        django.setup()
        prepare()
    except OSError as error:
        if not disk_space.is_full(error):
            raise
        sys.exit(disk_space.DISK_FULL)
    except (OperationalError, InterfaceError) as error:
        outage = outage_of(error)
        if outage is None:
            raise
        is_our_disk = outage is FULL and settings.IS_EMBEDDED
        sys.exit(disk_space.DISK_FULL if is_our_disk else describe_error(error))


def prepare() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    collect_static_files()
    if not settings.IS_LOCAL:
        replace_known_passwords()
    if settings.KPI_DEMO:
        begin_demonstration()
    record_whether_staff_exist()
    call_command("follow_time_zone")


def collect_static_files() -> None:
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    now = _newest_source()
    if stamp.exists() and stamp.read_text() == now:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(now)


def _newest_source() -> str:
    """Return a text that changes whenever a static file or the list of packages changes."""
    sources = [
        path
        for folder in settings.STATICFILES_DIRS
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    ]
    lists = [settings.BASE_DIR / "requirements.txt"]
    return "\n".join(f"{path} {path.stat().st_mtime_ns}" for path in sources + lists)


def begin_demonstration() -> None:
    """Begin the demonstration data if there are no courses, unless it was removed before.

    The supervisor loads the rest while pages are served.
    """
    is_empty = not apps.get_model("curriculum", "Course").objects.exists()
    is_removed = (settings.KPI_DATA_DIR / "demonstration-removed").exists()
    if is_empty and not is_removed and "load_demo" in get_commands():
        call_command("load_demo", is_first_step=True)


def replace_known_passwords() -> None:
    """Replace the published passwords of a former demonstration, now that others have access."""
    (settings.KPI_DATA_DIR / "demo-accounts.txt").unlink(missing_ok=True)
    call_command("replace_demo_passwords")


def record_whether_staff_exist() -> None:
    """Leave a file for the supervisor, which then prints how to create the first account."""
    file = settings.KPI_DATA_DIR / "no-account-yet"
    if apps.get_model("accounts", "User").objects.filter(is_active=True, is_staff=True).exists():
        file.unlink(missing_ok=True)
    else:
        file.touch()


if __name__ == "__main__":
    main()
