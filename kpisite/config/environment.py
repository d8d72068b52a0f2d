"""Read settings from environment variables; a wrong value stops the start with one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import environ
from babel.numbers import is_currency

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
DATABASE_SCHEMES = ("postgres://", "postgresql://", "sqlite:///")
SECRET_VARIABLES = frozenset(
    {
        *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "REPLICA_DATABASE_URL"),
        *("REDIS_URL", "EMAIL_URL", "KPI_OIDC_CLIENT_SECRET", "KPI_METRICS_TOKEN"),
        "KPI_SENTRY_DSN",
    }
)
EXIT_CODE = 2
MIN_SECRET_LENGTH = 32
MIN_TOKEN_LENGTH = 16


def reject(name: str, expected: str) -> NoReturn:
    """Stop the start with one sentence on standard error and exit code 2."""
    value = "(not shown)" if name in SECRET_VARIABLES else repr(os.environ.get(name, ""))
    # logging is not configured yet, and a traceback would bury the sentence
    sys.stderr.write(f"The setting {name}={value} is wrong: it must be {expected}.\n")
    sys.exit(EXIT_CODE)


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def switch(name: str, *, default: bool = False) -> bool:
    word = text(name, "yes" if default else "no").lower()
    if word not in YES | NO:
        reject(name, "yes or no")
    return word in YES


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    word = text(name, str(default))
    if not (word.isascii() and word.isdigit() and minimum <= int(word) <= maximum):
        reject(name, f"a whole number from {minimum} to {maximum}")
    return int(word)


def currencies(name: str, default: str) -> list[str]:
    """Read ISO 4217 codes, each once, in the given order."""
    codes = [code.strip().upper() for code in text(name, default).split(",") if code.strip()]
    if not codes or not all(is_currency(code) for code in codes):
        reject(name, "a list of ISO 4217 codes, the main one first, such as USD,EUR")
    return list(dict.fromkeys(codes))


def one_of(name: str, default: str, choices: Iterable[str]) -> str:
    word = text(name, default).upper()
    if word not in choices:
        reject(name, f"one of {', '.join(choices)}")
    return word


def some_of(name: str, default: str, choices: Collection[str]) -> list[str]:
    """Read a comma-separated list of at least one of the choices."""
    chosen = list_of(name, default)
    if not chosen or not set(chosen) <= set(choices):
        reject(name, f"a list of some of {', '.join(choices)}")
    return chosen


def language(name: str, default: str, offered: Iterable[str]) -> str:
    """Read the code of a supported language, such as de."""
    word = text(name, default).lower()
    if word not in offered:
        reject(name, f"one of {', '.join(offered)}")
    return word


def list_of(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def hosts(name: str, default: str) -> list[str]:
    found = list_of(name, default)
    if not found or any("/" in host or " " in host for host in found):
        reject(name, "a comma-separated list of host names, without https:// and paths")
    return found


def hosts_and_networks(name: str) -> list[str]:
    """Read hosts, addresses and networks, such as hooks.internal,10.1.0.0/16."""
    found = list_of(name)
    for one in (item for item in found if "/" in item):
        try:
            ip_network(one)
        except ValueError:
            reject(
                name,
                "a comma-separated list of host names, addresses and networks such as 10.1.0.0/16",
            )
    return found


def origins(name: str) -> list[str]:
    found = list_of(name)
    if any(not origin.startswith(("http://", "https://")) for origin in found):
        reject(name, "a comma-separated list of origins that start with https:// or http://")
    return found


def page_url(name: str) -> str:
    """Read the address of a page; empty if none is given."""
    word = text(name)
    if word and not word.startswith(("http://", "https://")):
        reject(name, "an address that starts with https:// or http://")
    return word


def time_zone(name: str, default: str = "UTC") -> str:
    """Read an IANA zone name, such as Europe/Berlin."""
    word = text(name, default)
    try:
        ZoneInfo(word)
    except (ValueError, OSError, LookupError):
        reject(name, "the name of an IANA time zone, such as Europe/Berlin or UTC")
    return word


def folder(name: str, default: Path) -> Path:
    """Read a folder, create it if necessary, and return its absolute path."""
    path = Path(text(name, str(default))).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reject(name, f"a folder that can be created and written ({error.strerror})")
    if not os.access(path, os.W_OK | os.X_OK):
        reject(name, "a folder that this user can write to")
    return path


def database(name: str, *, only_postgres: bool = False) -> dict[str, Any] | None:
    """Return Django's settings of the database; None if none is given."""
    url = text(name)
    if not url:
        return None
    expected = "like postgres://USER:PASSWORD@HOST:5432/NAME"
    if not only_postgres:
        expected += " or sqlite:////FOLDER/FILE"
    if not url.startswith(DATABASE_SCHEMES[: 2 if only_postgres else 3]):
        reject(name, expected)
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, environ.ImproperlyConfigured):
        reject(name, expected)
    if not config.get("NAME"):
        reject(name, expected)
    # in a URL, the folder of a PostgreSQL socket is written %2Frun%2Fpostgresql
    return {**config, "HOST": unquote(config["HOST"])}


def is_this_machine(host: str) -> bool:
    """Return whether a host name refers to this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def secret(name: str, *, required: bool) -> str:
    """Read the secret; empty if none is given and none is required."""
    given = text(name)
    if (given or required) and len(given) < MIN_SECRET_LENGTH:
        reject(name, "at least 32 random characters, the same on every host of this database")
    return given


def token(name: str) -> str:
    """Read a token that another program sends; empty if none is given."""
    given = text(name)
    if given and (len(given) < MIN_TOKEN_LENGTH or not given.isascii() or " " in given):
        reject(name, "at least 16 random letters and digits")
    return given


def secrets(name: str) -> list[str]:
    """Read former secrets, the newest first."""
    found = list_of(name)
    if any(len(one) < MIN_SECRET_LENGTH for one in found):
        reject(name, "a comma-separated list of former SECRET_KEYs of at least 32 characters each")
    return found
