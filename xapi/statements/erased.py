"""What was erased with its learner, so that it is not stored again when it is sent again."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.utils.crypto import salted_hmac

from xapi.models import ErasedStatement


def note(ids: Iterable[UUID]) -> None:
    """Remember the ids of statements and events that are about to be deleted."""
    rows = [ErasedStatement(uuid=one) for one in ids]
    ErasedStatement.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)


def id_of(key: str) -> UUID:
    """Return the id for what has an id of another form, which may name a person."""
    digest = salted_hmac("xapi.erased", key, algorithm="sha256").digest()
    return UUID(bytes=digest[:16])


def erased_among(ids: Iterable[UUID]) -> set[UUID]:
    return set(ErasedStatement.objects.filter(pk__in=[*ids]).values_list("pk", flat=True))
