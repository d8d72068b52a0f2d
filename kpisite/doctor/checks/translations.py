"""Whether the translations are compiled."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check
from kpisite.i18n import catalogs

REMEDY = "Run manage.py translations compile, then restart the programs."


@check("translations.compiled", "Translations", is_slow=True)
def compiled() -> Iterator[Problem | str]:
    sources = sorted(settings.BASE_DIR.glob("*/locale/*/LC_MESSAGES/django.po"))
    sources += sorted(settings.BASE_DIR.glob("locale/*/LC_MESSAGES/django.po"))
    for po in sources:
        mo = po.with_suffix(".mo")
        if not mo.exists():
            yield Problem("A catalog is not compiled: pages are in English.", str(po), REMEDY)
        elif mo.read_bytes() != catalogs.compiled(catalogs.read(po, po.parts[-3])):
            yield Problem("A compiled catalog is of another version.", str(mo), REMEDY)
    yield f"{len(sources)} catalogs."
