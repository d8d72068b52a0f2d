"""Bring database, static files and demonstration data up to date: `-m kpisite.launcher.prepare`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import InterfaceError, OperationalError

from core.outages import FULL, describe_error, outage_of
from kpisite import disk_space

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpisite.settings")


def main() -> None:
    """Prepare all; where the disk is full or the database away, end with a sentence."""
    try:
        django.setup()
        prepare()
    except OSError as error:
        if not disk_space.is_full(error):
            raise
        sys.exit(disk_space.SENTENCE)
    except (OperationalError, InterfaceError) as error:
        outage = outage_of(error)
        if outage is None:
            raise
        is_full = outage is FULL and settings.IS_EMBEDDED
        sys.exit(disk_space.SENTENCE if is_full else describe_error(error))


def prepare() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    collect_static_files()
    if not settings.IS_LOCAL:
        replace_known_passwords()
    if settings.KPI_DEMO:
        load_demonstration()
    note_whether_anybody_may_sign_in()
    call_command("follow_time_zone")


def collect_static_files() -> None:
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    now = _newest_source()
    if stamp.exists() and stamp.read_text() == now:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(now)


def _newest_source() -> str:
    """Return what changes whenever one of our own static files or a package does."""
    sources = [
        path
        for folder in settings.STATICFILES_DIRS
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    ]
    lists = [settings.BASE_DIR / "requirements.txt"]
    return "\n".join(f"{path} {path.stat().st_mtime_ns}" for path in sources + lists)


def load_demonstration() -> None:
    """Write the demonstration data where nothing is taught yet, unless they were removed."""
    is_empty = not apps.get_model("curriculum", "Course").objects.exists()
    is_removed = (settings.KPI_DATA_DIR / "demonstration-removed").exists()
    if is_empty and not is_removed and "load_demo" in get_commands():
        call_command("load_demo", is_announced=True)


def replace_known_passwords() -> None:
    """Shut the doors that a demonstration of before has left open, now that others come by."""
    (settings.KPI_DATA_DIR / "demo-accounts.txt").unlink(missing_ok=True)
    call_command("replace_demo_passwords")


def note_whether_anybody_may_sign_in() -> None:
    """Leave a note for the supervisor, which says how the first account is made."""
    note = settings.KPI_DATA_DIR / "no-account-yet"
    if apps.get_model("accounts", "User").objects.filter(is_active=True, is_staff=True).exists():
        note.unlink(missing_ok=True)
    else:
        note.touch()


if __name__ == "__main__":
    main()
