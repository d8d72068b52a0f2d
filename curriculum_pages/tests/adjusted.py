"""Adjustments in each state, for the tests of their pages."""

from __future__ import annotations

from decimal import Decimal
from html import unescape

from django.db import transaction
from django.utils import timezone

from alerts.models import Alert
from curriculum import parameters
from curriculum.models import Course, Module, Parameter
from improvement.models import Adjustment
from improvement.proposing import propose_change
from kpis.tests.measured import COMPLETION
from kpis.tests.visitors import TAG, Visitor

PASS_MARK = "module.pass-mark"
PAGE = "/curriculum-adjustments"


def pass_mark(of: Course | Module | None) -> Parameter:
    if isinstance(of, Module):
        return parameters.parameter_for(PASS_MARK, module=of)
    return parameters.parameter_for(PASS_MARK, course=of)


def proposed(
    of: Course | Module | None, *, alert: Alert | None = None, reason: str = "Few complete it."
) -> Adjustment:
    """Propose to lower the pass mark from 60% to 55%."""
    with transaction.atomic():
        return propose_change(
            pass_mark(of),
            Decimal("0.55"),
            kpi=COMPLETION,
            reason=reason,
            watch_days=60,
            guard_kpis=(),
            now=timezone.now(),
            alert=alert,
        )


def at(adjustment: Adjustment, action: str, **fields: str) -> dict[str, str]:
    """Return what the form of a decision sends."""
    adjustment.refresh_from_db()
    return {"act": action, "version": str(adjustment.version), **fields}


def decides(who: Visitor, adjustment: Adjustment, action: str, **fields: str) -> str:
    return sends(who, adjustment, at(adjustment, action, **fields))


def sends(who: Visitor, adjustment: Adjustment, data: dict[str, str]) -> str:
    response = who.client.post(f"{PAGE}/{adjustment.pk}", data, follow=True)
    who.status, who.html = response.status_code, response.content.decode()
    return " ".join(unescape(TAG.sub(" ", who.html)).split())
