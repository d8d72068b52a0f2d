"""The role of PostgreSQL that reads the views and nothing else."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.db import connection, transaction

from exports import bi_views
from exports.change_log.triggers import quoted
from exports.models import ReadOnlyRole

NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
# a role may change these for itself: they protect from mistakes, and the grants from everything
SETTINGS = (
    ("default_transaction_read_only", "on"),
    ("statement_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "60s"),
)
CONNECTIONS = 10


def check(name: str) -> None:
    """ValueError, with the reason, if there can be no role of this name here."""
    if connection.vendor != "postgresql":
        raise ValueError("SQLite has no roles. Use /api/export, or run the product on PostgreSQL.")
    if not NAME.fullmatch(name) or name.startswith("pg_"):
        raise ValueError(f"{name!r} is no name for a role. Use small letters, digits and _.")
    is_ours = ReadOnlyRole.objects.filter(name=name).exists()
    if _exists(name) and not is_ours:
        raise ValueError(f"The role {name} exists and is not for the views. Choose another name.")


def create(name: str) -> str:
    """Create the role, or give it a new password; return the password, which is not stored."""
    check(name)
    password = secrets.token_urlsafe(24)
    role = quoted(name)
    with transaction.atomic(), connection.cursor() as cursor:
        if not _exists(name):
            cursor.execute(f"CREATE ROLE {role}")
        cursor.execute(
            # what it must not be is the default, and only a superuser may say so
            f"ALTER ROLE {role} WITH LOGIN CONNECTION LIMIT {CONNECTIONS}"
            f" PASSWORD '{_encrypted(password, name)}'"
        )
        for setting, value in SETTINGS:
            cursor.execute(f"ALTER ROLE {role} SET {setting} = '{value}'")
        cursor.execute(bi_views.grant(name))
        ReadOnlyRole.objects.get_or_create(name=name)
    return password


def remove(name: str) -> None:
    """Remove the role; ValueError if it is none of ours."""
    check(name)
    if not _exists(name):
        raise ValueError(f"There is no role {name}.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(bi_views.revoke(name))
        cursor.execute(f"DROP ROLE {quoted(name)}")
        ReadOnlyRole.objects.filter(name=name).delete()


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        return cursor.fetchone() is not None


def _encrypted(password: str, name: str) -> str:
    """Return the SCRAM verifier, so that the password itself is in no log of the server."""
    connection.ensure_connection()
    raw: Any = connection.connection
    verifier: bytes = raw.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    )
    return verifier.decode()
