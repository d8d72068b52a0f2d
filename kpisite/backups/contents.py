"""What is in a backup: the rows of all tables, except what a restored site makes anew.

A backup is a ZIP file: `backup.json` says what it is, and each table is a file of JSON lines: the
names of its columns, then a row each. Nothing in it depends on the database, so a site on SQLite
can move to PostgreSQL.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from django.conf import settings
from django.db import models
from django.utils.crypto import salted_hmac
from pydantic import BaseModel
from pydantic_core import from_json, to_json

Field: TypeAlias = "models.Field[Any, Any]"
Model = type[models.Model]

FORMAT = 1
ABOUT = "backup.json"
SECRET_KEY = "secret-key"  # noqa: S105  # the name of a file
# people sign in again, copies of exports start again, and roles belong to a server
LEFT_OUT = {
    "accounts.Session",
    "exports.Feed",
    "exports.Change",
    "exports.Mark",
    "exports.ReadOnlyRole",
}


class About(BaseModel):
    """The first thing that is read of a backup; `tables` has the number of rows of each."""

    format: int = FORMAT
    made_at: datetime
    database: str
    secret_key: str
    migrations: dict[str, str]
    tables: dict[str, int]


def models_of(apps: Any) -> list[Model]:
    """Return the models whose rows are in a backup; those of a migration's state count, too."""
    found: Iterable[Model] = apps.get_models(include_auto_created=True)
    return sorted(
        (
            one
            for one in found
            if one._meta.managed and not one._meta.proxy and one._meta.label not in LEFT_OUT
        ),
        key=lambda one: one._meta.db_table,
    )


def columns_of(model: Model) -> dict[str, Field]:
    """Return the fields of the stored columns by their names, in no order to rely on."""
    fields = model._meta.concrete_fields
    return {str(one.column): one for one in fields if not getattr(one, "generated", False)}


def file_of(model: Model) -> str:
    return f"tables/{model._meta.db_table}.jsonl"


def write_row(row: Sequence[Any]) -> bytes:
    """Return a row as a line. Floats keep every digit, and bytes are written as hexadecimals."""
    return to_json(row, bytes_mode="hex", inf_nan_mode="constants", fallback=bytes) + b"\n"


def read_rows(fields: Sequence[Field], lines: Iterable[bytes]) -> Iterator[list[Any]]:
    """Return rows of these columns as their fields know the values."""
    readers = [_reader(field) for field in fields]
    for line in lines:
        values = from_json(line, allow_inf_nan=True)
        yield [
            None if value is None else read(value)
            for read, value in zip(readers, values, strict=True)
        ]


def _reader(field: Field) -> Any:
    if isinstance(field, models.ForeignKey):
        return _reader(field.target_field)
    return bytes.fromhex if isinstance(field, models.BinaryField) else field.to_python


def fingerprint_of_key() -> str:
    """Return what tells whether two sites have the same SECRET_KEY, without telling the key."""
    return salted_hmac("kpisite.backups", "SECRET_KEY", algorithm="sha256").hexdigest()[:16]


def keeps_its_key() -> bool:
    """Return whether the site has generated its SECRET_KEY and keeps it in the data folder."""
    return settings.IS_EMBEDDED and not os.environ.get("SECRET_KEY")
