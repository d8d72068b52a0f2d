"""Let refused statements in later, once their sender's rules allow it."""

from __future__ import annotations

import json

from django.utils import timezone

from accounts.models import ApiKey
from xapi.errors import Refusal
from xapi.models import RefusedStatement
from xapi.statements.batch import open_batch
from xapi.statements.parsing import Sent
from xapi.statements.storing import store


class StillRefusedError(Exception):
    """A statement is refused again; the sentence says why."""


def let_in(row: RefusedStatement) -> None:
    """Store a refused statement by the present rules of its sender."""
    key = ApiKey.objects.filter(name=row.sender).first()
    if key is None:
        raise StillRefusedError("Its sender has no API key any more.")
    try:
        batch = open_batch([Sent(row.sent, json.loads(row.sent))], key, row.version)
        # one that was sent without an id got it then
        batch.pending[0].uuid = row.statement_id
        store(batch, may_void_all=False)
    except Refusal as error:
        raise StillRefusedError(error.detail) from None
    RefusedStatement.objects.filter(pk=row.pk).update(resolved_at=timezone.now())
