"""Where a document lies: the model, and the rows that belong to an activity, an agent or both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from accounts.models import ApiKey
from core.database import bulk_upsert
from xapi.models import Activity, Agent, Document


@dataclass(frozen=True)
class Place:
    """The activity and agent whose documents are meant; `key` is the id of one of them."""

    model: type[Document]
    activity: str | None = None
    agent: str | None = None
    registration: str | None = None
    key: str | None = None

    def found(self) -> QuerySet[Any]:
        """Return the documents of this place; without a registration, those of all."""
        wanted: dict[str, Any] = {}
        if self.activity is not None:
            wanted["activity__key"] = self.activity
        if self.agent is not None:
            wanted["agent__key"] = self.agent
        if self.registration is not None:
            wanted["registration"] = self.registration
        if self.key is not None:
            wanted["key"] = self.key
        return QuerySet(self.model).filter(**wanted).order_by("pk")

    def locked(self) -> dict[str, Any]:
        """Return the columns of a new document, and hold off other writers of this place.

        The rows of the activity and the agent are created if they are new.
        """
        columns: dict[str, Any] = {"key": self.key}
        if self.activity is not None:
            columns["activity_id"] = _lock(Activity, self.activity)
        if self.agent is not None:
            columns["agent_id"] = _lock(Agent, self.agent)
        if self.registration is not None:
            columns["registration"] = self.registration
        return columns


def _lock(model: type[Activity | Agent], key: str) -> int:
    column: str = "definition" if model is Activity else "names"
    empty: Any = {} if model is Activity else []
    bulk_upsert.upsert(model, ("key", column), [(key, empty)], conflict="key")
    # rows that refer to it may be written meanwhile
    rows: QuerySet[Any] = QuerySet(model).select_for_update(no_key=True)
    pk: int = rows.values_list("pk", flat=True).get(key=key)
    return pk


def visible(rows: QuerySet[Any], key: ApiKey, *, sees_all: bool) -> QuerySet[Any]:
    """Keep the documents that a key may read: its own, or all."""
    return rows if sees_all else rows.filter(sender=key.name)


def keys_since(rows: QuerySet[Any], since: datetime | None) -> Iterable[str]:
    if since:
        rows = rows.filter(updated_at__gt=since)
    return rows.order_by("key").values_list("key", flat=True).distinct()


def model_of(row: Model) -> str:
    return str(row._meta.verbose_name)
