"""Modules as people name them in a form: course and module, such as py/m1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from curriculum.models import Module


def modules_of(values: Sequence[dict[str, Any]]) -> dict[str, Module]:
    """Return the modules that the rows of values name, with one query at most.

    ValidationError for a module that does not exist.
    """
    named = {one["module"].strip() for one in values} - {""}
    if not named:
        return {}
    keys = {one.partition("/")[2] for one in named}
    rows = Module.objects.filter(key__in=keys).select_related("course")
    found = {f"{one.course.key}/{one.key}": one for one in rows}
    if unknown := sorted(named - found.keys()):
        text = gettext("There is no module %(key)s.")
        raise ValidationError({"values": text % {"key": ", ".join(unknown)}})
    return found
