"""Restore a backup into an empty database, which may be of another kind than the first was."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from pydantic import ValidationError
from pydantic_core import from_json

from kpisite.backups import contents
from kpisite.backups.contents import About, Field, Model

ROWS_AT_ONCE = 5_000
NOT_WHOLE = "is not a whole backup, perhaps because it was copied only in part."
# what tells that a database is in use
OF_PEOPLE = ("accounts_user", "curriculum_course", "curriculum_learner", "intake_event")

Progress = Callable[[int, int], None]


class RestoreError(Exception):
    """Why nothing was restored, in a sentence."""


@dataclass(frozen=True)
class Restored:
    about: About
    has_other_key: bool


def restore(path: Path, progress: Progress) -> Restored:
    """Restore everything or nothing; a database that was only half restored is still empty."""
    with _opened(path) as archive:
        about = _about(path, archive)
        _check_is_empty()
        executor = MigrationExecutor(connection)
        targets = _targets(about, executor)
        executor.migrate(targets)
        # tables as they were then; migrations bring them up to date afterwards
        apps = executor.loader.project_state(targets).apps
        models = contents.models_of(apps)
        with transaction.atomic():
            _load_all(archive, about, models, progress)
        has_key = _restore_secret_key(archive)
    call_command("migrate", interactive=False, verbosity=0)
    return Restored(about, not has_key and about.secret_key != contents.fingerprint_of_key())


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise RestoreError(f"There is no file {path}.") from None
    except zipfile.BadZipFile:
        raise RestoreError(f"{path} {NOT_WHOLE}") from None
    with archive:
        if not _is_intact(archive):
            raise RestoreError(f"{path} {NOT_WHOLE}")
        yield archive


def _is_intact(archive: zipfile.ZipFile) -> bool:
    """Return whether every file in the archive has its checksum."""
    try:
        return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return False


def _about(path: Path, archive: zipfile.ZipFile) -> About:
    try:
        about = About.model_validate_json(archive.read(contents.ABOUT))
    except (KeyError, ValidationError):
        raise RestoreError(f"{path} was not made by manage.py backup.") from None
    if about.format > contents.FORMAT:
        raise RestoreError(f"{path} was made by a newer version of the product. Update it first.")
    return about


def _check_is_empty() -> None:
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in there.intersection(OF_PEOPLE):
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")  # noqa: S608
            if cursor.fetchone()[0]:
                raise RestoreError(
                    f"The database {connection.settings_dict['NAME']} is in use: it has rows in"
                    f" {table}. Restore into an empty one, named by DATABASE_URL or KPI_DATA_DIR."
                )


def _targets(about: About, executor: MigrationExecutor) -> list[tuple[str, str]]:
    targets = list(about.migrations.items())
    unknown = [
        f"{app} {name}" for app, name in targets if (app, name) not in executor.loader.graph.nodes
    ]
    if unknown:
        raise RestoreError(
            "The backup was made by a newer version of the product, which has "
            f"{', '.join(unknown)}. Update the product first."
        )
    known = {node for one in targets for node in executor.loader.graph.forwards_plan(one)}
    if beyond := set(executor.loader.applied_migrations) - known:
        app, name = min(beyond)
        raise RestoreError(
            f"The database is newer than the backup ({app} {name}). Restore into one without"
            " tables; they are created as they were, and updated afterwards."
        )
    return targets


def _load_all(
    archive: zipfile.ZipFile, about: About, models: Sequence[Model], progress: Progress
) -> None:
    with connection.cursor() as cursor:
        for model in models:
            # what migrations have created is in the backup, too
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608
    for at, model in enumerate(models):
        progress(at, len(models))
        count, expected = _load(archive, model), about.tables.get(model._meta.db_table)
        if count != expected:
            raise RestoreError(
                f"The backup has {count:,} rows of {model._meta.db_table} instead of"
                f" {expected or 0:,}. Nothing was restored."
            )
    progress(len(models), len(models))
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def _load(archive: zipfile.ZipFile, model: Model) -> int:
    try:
        file = archive.open(contents.file_of(model))
    except KeyError:
        return 0
    with file:
        by_column = contents.columns_of(model)
        fields = [by_column[name] for name in from_json(file.readline())]
        rows, count = contents.read_rows(fields, file), 0
        while some := list(islice(rows, ROWS_AT_ONCE)):
            _insert(model, fields, some)
            count += len(some)
    return count


def _insert(model: Model, fields: Sequence[Field], rows: Sequence[Sequence[Any]]) -> None:
    names = ", ".join(connection.ops.quote_name(str(one.column)) for one in fields)
    into = f'"{model._meta.db_table}" ({names})'
    prepared = [
        [
            field.get_db_prep_save(value, connection)
            for field, value in zip(fields, row, strict=True)
        ]
        for row in rows
    ]
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in prepared:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {into} VALUES ({marks})", prepared)  # noqa: S608


def _restore_secret_key(archive: zipfile.ZipFile) -> bool:
    """Give an embedded site its former key, unless it has one by the environment."""
    if contents.SECRET_KEY not in archive.namelist() or not contents.keeps_its_key():
        return False
    path = Path(settings.KPI_DATA_DIR) / contents.SECRET_KEY
    path.write_bytes(archive.read(contents.SECRET_KEY))
    path.chmod(0o600)
    return True
