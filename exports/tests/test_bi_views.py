"""PostgreSQL: what the role of the views can read, and what it cannot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from core import reporting_clock
from curriculum.tests.enrolled import enrolled
from exports import bi_role, bi_views, installing
from exports.models import ReadOnlyRole
from exports.tables import TABLES
from exports.tests.copies import Copy, client_of
from kpis.definitions.periods import KINDS, between

pytestmark = pytest.mark.django_db(transaction=True)

Rows = list[tuple[Any, ...]]


@pytest.fixture
def _postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no roles.")


@pytest.fixture
def metabase(_postgres: None) -> Iterator[psycopg.Connection[Any]]:
    # a role belongs to all databases of the server, and so to all workers of a test run
    name = f"metabase_{os.getpid()}"
    password = bi_role.create(name)
    with connected(name, password) as made:
        yield made
    bi_role.remove(name)


def connected(user: str, password: str) -> psycopg.Connection[Any]:
    given = connection.get_connection_params()
    keys = {key: given[key] for key in ("dbname", "host", "port") if key in given}
    return psycopg.connect(user=user, password=password, autocommit=True, **keys)


def rows(reader: psycopg.Connection[Any], statement: str) -> Rows:
    return reader.execute(statement).fetchall()


def test_the_views_and_the_api_show_the_same(metabase: psycopg.Connection[Any]) -> None:
    enrolled("Ada")
    client = client_of("bi")
    for table in TABLES.values():
        names = ", ".join(f'"{one.name}"' for one in table.columns)
        seen = rows(
            metabase,
            f"SELECT count(*), count({names.partition(',')[0]}) FROM bi_{table.name}",  # noqa: S608
        )
        assert seen[0] == (len(Copy(client, table.name).pull().rows),) * 2, table.name
    (row,) = Copy(client, "enrollment").pull().rows.values()
    ((learner, kind, run),) = rows(
        metabase, "SELECT learner, learner_kind, run_id FROM bi_enrollment"
    )

    assert (learner, kind, run) == (row["learner"], row["learner_kind"], row["run_id"])


def test_the_role_reads_no_table(metabase: psycopg.Connection[Any]) -> None:
    tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
    readable = []
    for table in tables:
        try:
            rows(metabase, f'SELECT 1 FROM "{table}" LIMIT 1')  # noqa: S608
            readable.append(table)
        except psycopg.errors.InsufficientPrivilege:
            pass

    assert len(tables) > 80
    assert readable == []


def test_the_role_writes_nothing(metabase: psycopg.Connection[Any]) -> None:
    metabase.execute("SET default_transaction_read_only = off")
    for statement in ("DELETE FROM bi_course", "UPDATE bi_course SET title = ''"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            metabase.execute(statement)


def test_the_role_does_not_run_for_long(metabase: psycopg.Connection[Any]) -> None:
    assert rows(metabase, "SHOW statement_timeout") == [("1min",)]
    assert rows(metabase, "SHOW default_transaction_read_only") == [("on",)]


def test_the_secret_of_pseudonyms_is_not_in_the_views(metabase: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(metabase, "SELECT value FROM exports_pseudonymsecret")


def test_every_view_and_column_says_what_it_means(metabase: psycopg.Connection[Any]) -> None:
    silent = rows(
        metabase,
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'v' AND starts_with(c.relname, 'bi_') AND a.attnum > 0"
        " AND col_description(c.oid, a.attnum) IS NULL",
    )

    assert silent == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_periods_are_those_of_the_product(metabase: psycopg.Connection[Any], kind: str) -> None:
    now, zone = timezone.now(), reporting_clock.reporting_zone()
    columns = "period_start, last_day, starts_at, ends_at, label"
    of_kind = f"WHERE period_kind = '{kind}' ORDER BY 1"
    seen = rows(metabase, f"SELECT {columns} FROM bi_period {of_kind}")  # noqa: S608
    expected = between(seen[0][0], timezone.localdate(now), kind, zone)

    assert seen == [(p.first, p.last, p.start, p.whole_end, p.label) for p in expected]


def test_the_states_of_periods_follow_the_close_lag(metabase: psycopg.Connection[Any]) -> None:
    states = rows(
        metabase,
        "SELECT state FROM bi_period WHERE period_kind = 'day' ORDER BY period_start DESC LIMIT 6",
    )

    # open today, then 72 hours of late data
    assert states == [("open",), *[("provisional",)] * 3, *[("closed",)] * 2]


def test_the_grants_outlive_an_update(metabase: psycopg.Connection[Any]) -> None:
    installing.before_migrations(plan=["a migration"])
    with pytest.raises(psycopg.errors.UndefinedTable):
        rows(metabase, "SELECT 1 FROM bi_course")
    installing.after_migrations(plan=[])

    assert rows(metabase, "SELECT count(*) FROM bi_course") == [(0,)]


@pytest.mark.usefixtures("_postgres")
def test_a_second_password_replaces_the_first() -> None:
    first = bi_role.create("superset")
    second = bi_role.create("superset")
    bi_role.remove("superset")

    assert first != second
    assert not ReadOnlyRole.objects.exists()


@pytest.mark.usefixtures("_postgres")
@pytest.mark.parametrize("name", ["postgres", "Robert'); --", "pg_monitor", ""])
def test_other_roles_are_left_alone(name: str) -> None:
    with pytest.raises(CommandError):
        call_command("bi_role", name)


@pytest.mark.usefixtures("_postgres")
def test_a_role_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(CommandError, match="no role nobody_here"):
        call_command("bi_role", "nobody_here", remove=True)


def test_sqlite_has_no_role() -> None:
    if connection.vendor == "postgresql":
        assert bi_views.are_there()
        return
    with pytest.raises(CommandError, match="SQLite has no roles"):
        call_command("bi_role", "metabase")
