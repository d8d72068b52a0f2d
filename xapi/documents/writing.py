"""Write, merge and delete documents, one writer of a place at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import ApiKey
from core.database.locks import queue_to_write
from xapi.documents.places import Place
from xapi.documents.preconditions import Preconditions
from xapi.errors import BadRequest, Forbidden
from xapi.models import Document

JSON = "application/json"


class Strictness(Enum):
    """When PUT needs a precondition."""

    NONE = "none"
    TO_OVERWRITE = "to overwrite"
    ALWAYS = "always"


@dataclass(frozen=True)
class Writer:
    """Whose document it becomes, and whether that may change those of other senders."""

    key: ApiKey
    sees_all: bool

    def check(self, stored: Document | None) -> None:
        if stored is not None and stored.sender != self.key.name and not self.sees_all:
            raise Forbidden(
                "This document was written by another sender; writing it requires the scope "
                "xapi:all."
            )


@dataclass(frozen=True)
class Content:
    body: bytes
    content_type: str

    @property
    def is_json(self) -> bool:
        return self.content_type.partition(";")[0].strip().lower() == JSON

    def as_object(self) -> dict[str, Any] | None:
        """Return the JSON object that this is; None if it is anything else."""
        try:
            found = json.loads(self.body) if self.is_json else None
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def put(
    place: Place,
    content: Content,
    writer: Writer,
    conditions: Preconditions,
    strictness: Strictness,
) -> None:
    """Write a document, or replace the one that is stored."""
    with queue_to_write(), transaction.atomic():
        columns = place.locked()
        stored = place.found().first()
        writer.check(stored)
        etag = stored.etag if stored else None
        conditions.check(etag)
        if strictness is not Strictness.NONE:
            conditions.require_one(etag)
        if strictness is Strictness.ALWAYS and conditions.is_empty:
            raise BadRequest(
                "Send If-None-Match: * with a new document, or If-Match with the ETag of the one "
                "that it replaces."
            )
        _write(place, stored, columns, content, writer)


def merge(place: Place, content: Content, writer: Writer, conditions: Preconditions) -> None:
    """Write a document, or the properties of a JSON object into the one that is stored."""
    with queue_to_write(), transaction.atomic():
        columns = place.locked()
        stored = place.found().first()
        writer.check(stored)
        conditions.check(stored.etag if stored else None)
        if stored:
            content = _merged(Content(bytes(stored.content), stored.content_type), content)
        _write(place, stored, columns, content, writer)


def _merged(stored: Content, new: Content) -> Content:
    before, after = stored.as_object(), new.as_object()
    if before is None:
        raise BadRequest("The stored document is no JSON object, so that none can be merged in.")
    if after is None:
        raise BadRequest("The body must be a JSON object, to be merged into the stored one.")
    return Content(json.dumps(before | after, ensure_ascii=False).encode(), JSON)


def _write(
    place: Place, stored: Any, columns: dict[str, Any], content: Content, writer: Writer
) -> None:
    values = {
        "content": content.body,
        "content_type": content.content_type[:255],
        "updated_at": timezone.now(),
        "sender": writer.key.name,
    }
    if stored:
        QuerySet(place.model).filter(pk=stored.pk).update(**values)
    else:
        QuerySet(place.model).create(**columns, **values)


def delete(place: Place, writer: Writer, conditions: Preconditions) -> None:
    """Delete a document, or all of a place; what is not there is deleted already."""
    with queue_to_write(), transaction.atomic():
        place.locked()
        rows = place.found()
        if place.key is not None:
            stored = rows.first()
            writer.check(stored)
            conditions.check(stored.etag if stored else None)
        elif not writer.sees_all:
            rows = rows.filter(sender=writer.key.name)
        rows.delete()
