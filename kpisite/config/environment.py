from __future__ import annotations

import os
import sys
from collections.abc import Iterable
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
    {"SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"}
)
REFUSED = 2
LEAST_SECRET = 32


def refuse(name: str, wanted: str) -> NoReturn:
    """Stop the start with one sentence on standard error and exit code 2."""
    value = "(not shown)" if name in SECRET_VARIABLES else repr(os.environ.get(name, ""))
    # A start is refused before logging is configured, and a traceback would bury the sentence.
    sys.stderr.write(f"The setting {name}={value} is wrong: it must be {wanted}.\n")
    sys.exit(REFUSED)


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def switch(name: str, *, default: bool = False) -> bool:
    word = text(name, "yes" if default else "no").lower()
    if word not in YES | NO:
        refuse(name, "yes or no")
    return word in YES


def whole(name: str, default: int, *, least: int, most: int) -> int:
    word = text(name, str(default))
    if not (word.isascii() and word.isdigit() and least <= int(word) <= most):
        refuse(name, f"a whole number from {least} to {most}")
    return int(word)


def currencies(name: str, default: str) -> list[str]:
    """Return ISO 4217 codes, each once, in the order given."""
    codes = [code.strip().upper() for code in text(name, default).split(",") if code.strip()]
    if not codes or not all(is_currency(code) for code in codes):
        refuse(name, "ISO 4217 codes between commas, the main one first, like USD,EUR")
    return list(dict.fromkeys(codes))


def one_of(name: str, default: str, choices: Iterable[str]) -> str:
    word = text(name, default).upper()
    if word not in choices:
        refuse(name, f"one of {', '.join(choices)}")
    return word


def language(name: str, default: str, offered: Iterable[str]) -> str:
    """Read the code of a language that the product speaks, such as de."""
    word = text(name, default).lower()
    if word not in offered:
        refuse(name, f"one of {', '.join(offered)}")
    return word


def several(name: str, default: str = "") -> list[str]:
    """Read a list whose items stand between commas."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def hosts(name: str, default: str) -> list[str]:
    found = several(name, default)
    if not found or any("/" in host or " " in host for host in found):
        refuse(name, "host names between commas, without https:// and without a path")
    return found


def exceptions(name: str) -> list[str]:
    """Read hosts, addresses and networks, such as hooks.internal,10.1.0.0/16."""
    found = several(name)
    for one in (item for item in found if "/" in item):
        try:
            ip_network(one)
        except ValueError:
            refuse(name, "host names, addresses and networks such as 10.1.0.0/16, between commas")
    return found


def origins(name: str) -> list[str]:
    found = several(name)
    if any(not origin.startswith(("http://", "https://")) for origin in found):
        refuse(name, "origins between commas, each beginning with https:// or http://")
    return found


def address(name: str) -> str:
    """Read the address of a page; empty where none is given."""
    word = text(name)
    if word and not word.startswith(("http://", "https://")):
        refuse(name, "an address that begins with https:// or http://")
    return word


def time_zone(name: str, default: str = "UTC") -> str:
    """Read an IANA zone name, such as Europe/Berlin."""
    word = text(name, default)
    try:
        ZoneInfo(word)
    except (ValueError, OSError, LookupError):
        refuse(name, "the name of an IANA time zone, such as Europe/Berlin or UTC")
    return word


def folder(name: str, default: Path) -> Path:
    """Make the folder if need be and return its absolute path."""
    path = Path(text(name, str(default))).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        refuse(name, f"a folder that can be made and written ({error.strerror})")
    if not os.access(path, os.W_OK | os.X_OK):
        refuse(name, "a folder that this user may write in")
    return path


def database(name: str) -> dict[str, Any] | None:
    """Return Django's settings of the database; None where none is given."""
    url = text(name)
    if not url:
        return None
    wanted = "like postgres://USER:PASSWORD@HOST:5432/NAME or sqlite:////FOLDER/FILE"
    if not url.startswith(DATABASE_SCHEMES):
        refuse(name, wanted)
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, environ.ImproperlyConfigured):
        refuse(name, wanted)
    if not config.get("NAME"):
        refuse(name, wanted)
    # The folder of a PostgreSQL socket stands in a URL as %2Frun%2Fpostgresql.
    return {**config, "HOST": unquote(config["HOST"])}


def is_this_machine(host: str) -> bool:
    """Say whether a host leads to nobody's machine but one's own."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def secret(name: str, *, needed: bool) -> str:
    """Return the secret; an empty text where none is given and none is needed."""
    given = text(name)
    if (given or needed) and len(given) < LEAST_SECRET:
        refuse(name, "at least 32 random characters, the same on every host of this database")
    return given


def secrets(name: str) -> list[str]:
    """Return secrets of before, the newest first."""
    found = several(name)
    if any(len(one) < LEAST_SECRET for one in found):
        refuse(name, "former values of SECRET_KEY between commas, each of at least 32 characters")
    return found
