"""Write a backup while the product runs: all tables as they were at one moment."""

from __future__ import annotations

import copy
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.utils import timezone

from kpisite import pending_migrations
from kpisite.backups import contents
from kpisite.backups.contents import About, Model

ALIAS = "backup"
ROWS_AT_ONCE = 2_000
NAME = "learning-kpis-{at:%Y-%m-%dT%H%M%SZ}.zip"

Progress = Callable[[int, int], None]


class BackupError(Exception):
    """Why there is no backup, in a sentence."""


def back_up(path: Path, progress: Progress) -> About:
    """Write a backup to `path`, which must not exist yet; a part of it is never found there."""
    if path.exists():
        raise BackupError(f"{path} exists. Choose another name, or delete it first.")
    migrations, then = applied_migrations()
    draft = path.with_name(f"{path.name}.partial")
    try:
        # readable by its owner only: it holds everything
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            about = _write(file, migrations, then, progress)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except FileNotFoundError:
        raise BackupError(f"There is no folder {path.parent}. Create it first.") from None
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return about


def delete_older(folder: Path, *, keep: int) -> list[Path]:
    """Delete the oldest backups that were named by their time, so that `keep` of them are left."""
    found = sorted(folder.glob(NAME.partition("{")[0] + "*Z.zip"))
    old = found[: max(len(found) - keep, 0)]
    for path in old:
        path.unlink()
    return old


def applied_migrations() -> tuple[dict[str, str], Any]:
    """Return the last applied migration of each app, and the apps with models as they left them.

    BackupError if the database is of a newer version, whose tables are not known.
    """
    executor = MigrationExecutor(connection)
    graph, applied = executor.loader.graph, executor.loader.applied_migrations
    if unknown := pending_migrations.unknown():
        raise BackupError(
            f"The database is of a newer version of the product, which has {unknown[0]}. Back up"
            " with that version."
        )
    if not executor.migration_plan(graph.leaf_nodes()):
        return dict(graph.leaf_nodes()), apps
    last = [
        key
        for key in graph.nodes
        if key in applied
        and not any(
            child.key in applied and child.key[0] == key[0]
            for child in graph.node_map[key].children
        )
    ]
    return dict(last), executor.loader.project_state(last).apps


def _write(file: Any, migrations: dict[str, str], then: Any, progress: Progress) -> About:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        with _one_moment():
            made_at, counts = timezone.now(), {}
            models = contents.models_of(then)
            for at, model in enumerate(models):
                progress(at, len(models))
                counts[model._meta.db_table] = _write_table(archive, model)
            progress(len(models), len(models))
        about = About(
            made_at=made_at,
            database=connection.vendor,
            secret_key=contents.fingerprint_of_key(),
            migrations=migrations,
            tables=counts,
        )
        if contents.keeps_its_key():
            archive.writestr(contents.SECRET_KEY, settings.SECRET_KEY)
        archive.writestr(contents.ABOUT, about.model_dump_json(indent=1))
    return about


def _write_table(archive: zipfile.ZipFile, model: Model) -> int:
    fields = contents.columns_of(model)
    names = [field.attname for field in fields.values()]
    # a manager of its own may leave rows out
    rows: QuerySet[Any, Any] = QuerySet(model, using=ALIAS).order_by("pk").values_list(*names)
    count = 0
    with archive.open(contents.file_of(model), "w", force_zip64=True) as file:
        file.write(contents.write_row([*fields]))
        for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
            file.write(contents.write_row(row))
            count += 1
    return count


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read everything as it is now; writers go on, and wait for nothing."""
    given = copy.deepcopy(connections[DEFAULT_DB_ALIAS].settings_dict)
    # the others begin with the lock of the one writer
    given["OPTIONS"].pop("transaction_mode", None)
    given["OPTIONS"].pop("pool", None)
    reading = connections[DEFAULT_DB_ALIAS].__class__(given, ALIAS)
    connections[ALIAS] = reading
    try:
        with transaction.atomic(using=ALIAS):
            with reading.cursor() as cursor:
                if reading.vendor == "postgresql":
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                # the moment is that of the first row read
                cursor.execute("SELECT count(*) FROM django_migrations")
            yield
    finally:
        reading.close()
        del connections[ALIAS]
