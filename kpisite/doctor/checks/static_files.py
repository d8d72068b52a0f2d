"""Whether styles, scripts and pictures of this version are served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check

REMEDY = "Run manage.py collectstatic --no-input on each web host, then restart the web server."


@check("static-files.collected", "Static files")
def collected() -> Iterator[Problem | str]:
    if "Manifest" not in settings.STORAGES["staticfiles"]["BACKEND"]:
        yield "They are served as they are."
        return
    folder = Path(settings.STATIC_ROOT)
    manifest = folder / "staticfiles.json"
    if not manifest.exists():
        yield Problem("No static files were collected: pages fail.", str(folder), REMEDY)
        return
    named: dict[str, str] = json.loads(manifest.read_text())["paths"]
    if missing := next((one for one in named.values() if not (folder / one).exists()), None):
        yield Problem("Collected static files are missing.", str(folder / missing), REMEDY)
    unknown = [one for one in _sources() if one not in named]
    if unknown:
        yield Problem(
            f"The collected static files are of another version: they lack {unknown[0]}.",
            str(folder),
            REMEDY,
        )
    yield f"{len(named):,} files in {folder}."


def _sources() -> Iterator[str]:
    for top in map(Path, settings.STATICFILES_DIRS):
        yield from (str(one.relative_to(top)) for one in sorted(top.rglob("*")) if one.is_file())
