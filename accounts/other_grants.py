"""Grants of what only an upper app knows, such as organizations: a slot that apps fill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext

from accounts.models import User
from core.lazy_text import LazyText


@dataclass(frozen=True, kw_only=True)
class OtherGrant:
    """What accounts of a role can be given when they are created, one row or several.

    `name` is the option of the command and the field of the invitation; `permission` is required to
    give it in the admin.
    """

    name: str
    role: str
    label: LazyText
    permission: str
    rows: Callable[[], QuerySet[Any]]
    give: Callable[[User, Iterable[Any]], None]
    # whether it alone gives the account something to see
    is_enough: bool = True

    def named(self, keys: Sequence[str]) -> list[Any]:
        """Return the rows with these keys; ValidationError names those that do not exist."""
        found = {row.key: row for row in self.rows().filter(key__in=keys)}
        if unknown := sorted(set(keys) - found.keys()):
            message = gettext("Unknown %(name)s: %(keys)s.")
            raise ValidationError(message % {"name": self.name, "keys": ", ".join(unknown)})
        return list(found.values())


OTHER_GRANTS: dict[str, OtherGrant] = {}


def offer(grant: OtherGrant) -> None:
    OTHER_GRANTS[grant.name] = grant


def give(account: User, chosen: Mapping[str, Iterable[Any]]) -> None:
    """Give an account the rows that were chosen, by the names of the grants."""
    for name, rows in chosen.items():
        OTHER_GRANTS[name].give(account, rows)
