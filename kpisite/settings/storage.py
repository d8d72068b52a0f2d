"""Where it keeps things: databases, the cache and static files."""

from __future__ import annotations

from typing import Any

from kpisite.config import environment, valkey
from kpisite.settings.options import BASE_DIR, DEBUG, KPI_DATA_DIR, WEB_THREADS

GIVEN_DATABASE = environment.database("DATABASE_URL")
IS_EMBEDDED = GIVEN_DATABASE is None
VALKEY = valkey.address("REDIS_URL", KPI_DATA_DIR)

# FULL: what was acknowledged is still there after a power cut
SQLITE_SYNCHRONOUS = environment.one_of("SQLITE_SYNCHRONOUS", "FULL", ("FULL", "NORMAL"))
SQLITE_OPTIONS = {
    # Deferred transactions fail with "database is locked" as soon as two of them write.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # 64 MB of pages at hand: with SQLite's own 2 MB, a month of a large course is read anew
    # for each figure.
    "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SQLITE_SYNCHRONOUS}; "
    "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
}
POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    "pool": {
        "min_size": 1,
        "max_size": WEB_THREADS + 2,
        # there is a connection for each thread: who waits longer waits for a database that is away
        "timeout": 2,
        # With psycopg's five minutes, the pauses between its attempts grow to more than one:
        # so long nobody would be served though the database is back.
        "reconnect_timeout": 5,
    },
}


def with_our_options(given: dict[str, Any] | None) -> dict[str, Any]:
    config = given or {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(KPI_DATA_DIR / "kpi.sqlite3"),
    }
    usual = SQLITE_OPTIONS if config["ENGINE"].endswith("sqlite3") else POSTGRES_OPTIONS
    options = {**usual, **config.get("OPTIONS", {})}
    # a connection of the pool that a restart of the database has cut is replaced before it is used
    return {**config, "OPTIONS": options, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": with_our_options(GIVEN_DATABASE)}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": VALKEY.next().for_django(),
        "KEY_PREFIX": "kpi",
        # a Valkey that hangs is one that is away
        "OPTIONS": {"socket_timeout": 5},
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = KPI_DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
