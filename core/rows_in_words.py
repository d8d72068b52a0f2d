"""Read rows with the keys of what they refer to, for somebody who sees only these rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Field, ForeignKey, Model, QuerySet

from core.personal_data import IMPERSONAL

SECRET = {"password", "session_key", "session_data"}


def rows_in_words(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    """Return rows with all fields, and of related rows, such as courses, the keys.

    Rows of other people, such as the account of whoever wrote it, are left out.
    """
    names = list(_columns(rows.model))
    found = rows.order_by("pk").values_list(*names)
    titles = [_title(name) for name in names]
    return [dict(zip(titles, map(_readable, row), strict=True)) for row in found]


def _readable(value: Any) -> Any:
    """Return what a document or file contains as text."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return value


def _columns(model: type[Model], before: str = "") -> Iterator[str]:
    for field in model._meta.concrete_fields:
        if not field.is_relation and not before and field.name not in SECRET:
            yield field.name
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and (related := _related(field)):
            path = f"{before}{field.name}__"
            is_impersonal = related._meta.label in IMPERSONAL
            if is_impersonal and any(one.name == "key" for one in related._meta.fields):
                yield f"{path}key"
            # what belongs to one thing leads to it: a run to its course
            if not (is_impersonal and field.null):
                yield from _columns(related, path)


def _related(field: Field[Any, Any]) -> type[Model] | None:
    """Return the model, unless its rows may be of somebody else."""
    model = field.related_model
    return model if isinstance(model, type) and not _is_of_a_person(model) else None


def _is_of_a_person(model: type[Model]) -> bool:
    """True for learners and accounts."""
    return any(field.name == "email" for field in model._meta.concrete_fields)


def _title(path: str) -> str:
    """Name a column: `enrollment.run.course` instead of `enrollment__run__course__key`."""
    return path.removesuffix("__key").replace("__", ".")
