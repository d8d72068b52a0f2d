"""Bring database, static files and demonstration data up to date: `-m kpisite.prepare`."""

from __future__ import annotations

import os
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command, get_commands

from kpisite.environment import switch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpisite.settings")


def main() -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    collect_static_files()
    if switch("KPI_DEMO", default=True):
        load_demonstration()


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
        call_command("load_demo")


if __name__ == "__main__":
    main()
