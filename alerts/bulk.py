"""Do one thing with many alerts, and say of each whether it was done, else why not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.models import User
from accounts.reader import Reader
from alerts import actions
from alerts.audience import owners
from alerts.models import Alert, AlertEvent
from core import localized

MOST = 100
Act = Callable[[Alert], AlertEvent]


@dataclass(frozen=True)
class BulkResult:
    """What became of one alert; `code` and `reason` are empty if the action was done.

    `alert` is None if there is no such alert, or none that the reader may see.
    """

    pk: int
    alert: Alert | None
    code: str = ""
    reason: str = ""

    @property
    def is_done(self) -> bool:
        return not self.code


def act_on_each(pks: Iterable[int], reader: Reader, act: Act) -> list[BulkResult]:
    """Perform an action on the alerts with these ids, in their order, each by itself."""
    pks = list(dict.fromkeys(pks))
    found = Alert.objects.visible_to(reader).select_related("rule", "owner", "acknowledged_by")
    alerts = found.in_bulk(pks)
    return [_act_on(pk, alerts.get(pk), act) for pk in pks]


def _act_on(pk: int, alert: Alert | None, act: Act) -> BulkResult:
    if alert is None:
        return BulkResult(pk, None, "unknown", gettext("Unknown alert %(pk)s.") % {"pk": pk})
    try:
        act(alert)
    except ValidationError as error:
        code = getattr(error, "code", None) or "invalid"
        return BulkResult(pk, alert, code, " ".join(error.messages))
    return BulkResult(pk, alert)


def acknowledging(*, by: User | None, owner: User | None, note: str) -> Act:
    """Acknowledge alerts that nobody has acknowledged, if the owner may see them."""

    def act(alert: Alert) -> AlertEvent:
        if owner and owner != by and not owners(alert).filter(pk=owner.pk).exists():
            text = gettext("%(owner)s may not see this alert.") % {"owner": owner}
            raise ValidationError(text, code="owner")
        return actions.acknowledge(alert, by=by, owner=owner, note=note, is_first=True)

    return act


def snoozing(*, by: User | None, until: datetime, reason: str) -> Act:
    """Snooze alerts that are not snoozed for longer."""

    def act(alert: Alert) -> AlertEvent:
        if alert.snoozed_until and alert.snoozed_until >= until:
            moment = localized.moment(alert.snoozed_until)
            text = gettext("Already snoozed until %(moment)s.") % {"moment": moment}
            raise ValidationError(text, code="snoozed")
        return actions.snooze(alert, by=by, until=until, reason=reason)

    return act


def closing(*, by: User | None, reason: str) -> Act:
    return lambda alert: actions.close_as_expected(alert, by=by, reason=reason)


def split(results: Collection[BulkResult]) -> tuple[list[BulkResult], list[BulkResult]]:
    """Return what was done, and what was skipped."""
    return [one for one in results if one.is_done], [one for one in results if not one.is_done]
