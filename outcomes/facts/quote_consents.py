"""Record who agreed to be quoted, when and to which words, and withdraw it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from core.database import bulk_upsert
from core.database.id_lists import ids_in
from intake.models import Event
from outcomes.models import QuoteConsent, Response

COLUMNS = ("response_id", "given_at", "text", "sender")


def is_given(event: Event) -> bool:
    """True if the learner wrote something and agreed to be quoted."""
    comment = (event.data.get("comment") or "").strip()
    return bool(comment and event.data.get("may_quote"))


def record(answers: Mapping[int, Event]) -> None:
    """Store the consents of answers, by the id of their response, unless they are stored.

    A consent that was withdrawn meanwhile stays withdrawn, though its event says otherwise.
    """
    given = {pk: event for pk, event in sorted(answers.items()) if is_given(event)}
    if not given:
        return
    rows = [
        (pk, one.occurred_at, one.data.get("quote_terms") or "", one.sender)
        for pk, one in given.items()
    ]
    bulk_upsert.upsert(QuoteConsent, COLUMNS, rows, conflict="response_id, given_at")
    Response.objects.filter(
        pk__in=ids_in(given),
        quote_consents__given_at=F("answered_at"),
        quote_consents__withdrawn_at__isnull=False,
    ).update(may_quote=False)


@transaction.atomic
def withdraw(responses: QuerySet[Response], at: datetime) -> int:
    """Quote these comments no more, from the next page that is read; return how many were quoted.

    A comment that is sent again, with a new consent, may be quoted again.
    """
    ids = list(responses.filter(may_quote=True).order_by().values_list("pk", flat=True))
    QuoteConsent.objects.filter(response__in=ids, withdrawn_at=None).update(withdrawn_at=at)
    return Response.objects.filter(pk__in=ids).update(may_quote=False)
