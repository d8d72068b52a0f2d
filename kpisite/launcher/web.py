"""Run the web server alone, on a host or in a container: `python -m kpisite.launcher.web`."""

from __future__ import annotations

import os
import sys

import django

from kpisite.launcher.prepare import collect_static_files

COMMAND = [sys.executable, "-m", "gunicorn", "--config", "python:kpisite.gunicorn", "kpisite.wsgi"]


def main() -> None:
    """Collect the static files, which each host serves from its own disk, then become gunicorn."""
    django.setup()
    collect_static_files()
    os.execv(COMMAND[0], COMMAND)  # noqa: S606  # the arguments are ours


if __name__ == "__main__":
    main()
