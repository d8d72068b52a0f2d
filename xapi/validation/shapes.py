"""Checks of objects and lists, made of the checks of what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xapi.validation import values
from xapi.validation.wrong import Wrong

Check = Callable[[Any], None]


def fields(known: Mapping[str, Check], *, required: tuple[str, ...] = ()) -> Check:
    """Check an object that has no other properties than the known ones."""

    def check(value: Any) -> None:
        if type(value) is not dict:
            raise Wrong("must be an object.")
        for name, inner in value.items():
            check_inner = known.get(name)
            if check_inner is None:
                raise Wrong(_unknown(name, known)).inside(name)
            try:
                check_inner(inner)
            except Wrong as wrong:
                raise wrong.inside(name) from None
        for name in required:
            if name not in value:
                raise Wrong(f'needs the property "{name}".')

    return check


def _unknown(name: str, known: Mapping[str, Check]) -> str:
    close = next((one for one in known if one.lower() == name.lower()), None)
    if close:
        return f'must be written "{close}".'
    return f"is no property of the specification; known here are {', '.join(known)}."


def list_of(check_inner: Check, *, not_empty: bool = False) -> Check:
    def check(value: Any) -> None:
        if type(value) is not list:
            raise Wrong("must be a list.")
        if not_empty and not value:
            raise Wrong("must not be empty.")
        for index, inner in enumerate(value):
            try:
                check_inner(inner)
            except Wrong as wrong:
                raise wrong.inside(index) from None

    return check


def one_or_list_of(check_inner: Check) -> Check:
    """Check a list, or what stands for a list of one."""
    many = list_of(check_inner)

    def check(value: Any) -> None:
        (many if type(value) is list else check_inner)(value)

    return check


def map_of(check_key: Check, check_inner: Check) -> Check:
    def check(value: Any) -> None:
        if type(value) is not dict:
            raise Wrong("must be an object.")
        for name, inner in value.items():
            try:
                check_key(name)
                check_inner(inner)
            except Wrong as wrong:
                raise wrong.inside(name) from None

    return check


def one_of(*allowed: str) -> Check:
    def check(value: Any) -> None:
        if type(value) is not str or value not in allowed:
            raise Wrong(f"must be {' or '.join(allowed)}.")

    return check


def both(*checks: Check) -> Check:
    """Check a value several times: first its form, then what belongs together."""

    def check(value: Any) -> None:
        for one in checks:
            one(value)

    return check


def anything(value: Any) -> None:
    """Allow every value, also null."""


language_map = map_of(values.language, values.text)
extensions = map_of(values.iri, anything)
