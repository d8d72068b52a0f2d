"""Set and revert values from a page, unless somebody else changed them while it was open."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from core import localized, reporting_clock
from curriculum import parameters
from curriculum.models import Parameter, ParameterChange
from curriculum.parameters import ParameterDefinition
from curriculum_pages.parameter_rows import chain_of, scope_name
from curriculum_pages.place_filters import Place

CHANGED_MEANWHILE = "changed"


def version_of(key: str, place: Place) -> str:
    """Return what a form was opened with: how often the values in force there were decided on."""
    decided = _decided(key, place)
    reverted = [one for one in decided if one.status == ParameterChange.Status.REVERTED]
    return f"{len(decided)}-{len(reverted)}-{max((one.pk for one in decided), default=0)}"


def _decided(key: str, place: Place) -> list[ParameterChange]:
    changes = ParameterChange.objects.exclude(status=ParameterChange.Status.PROPOSED)
    rows = Parameter.objects.filter(chain_of(place), key=key)
    related = ("decided_by", "parameter__course", "parameter__run__course")
    return list(
        changes.filter(parameter__in=rows).select_related(*related, "parameter__module__course")
    )


@transaction.atomic
def set_value(
    definition: ParameterDefinition,
    place: Place,
    to: Decimal,
    *,
    reason: str,
    by: User,
    effective_from: datetime | None,
    opened_with: str,
) -> bool:
    """Set a value of a place's own; False when it has this value already.

    ValidationError with the code `changed` if the value was changed since the form was opened, and
    for whatever `parameters.set_value` does not allow. Nothing is changed then.
    """
    row = row_of(definition, place)
    Parameter.objects.select_for_update().get(pk=row.pk)
    refuse_if_changed(definition, place, opened_with)
    change = parameters.set_value(row, to, reason=reason, by=by, effective_from=effective_from)
    return change is not None


def row_of(definition: ParameterDefinition, place: Place) -> Parameter:
    """Return the row of the narrowest of module, run and course that is chosen, or the site's."""
    own = [name for name in ("module", "run", "course") if getattr(place, name)][:1]
    return parameters.parameter_for(definition.key, **{name: getattr(place, name) for name in own})


def refuse_if_changed(definition: ParameterDefinition, place: Place, opened_with: str) -> None:
    if version_of(definition.key, place) == opened_with:
        return
    raise ValidationError(
        changed_meanwhile(definition, _decided(definition.key, place)), code=CHANGED_MEANWHILE
    )


def changed_meanwhile(definition: ParameterDefinition, decided: list[ParameterChange]) -> str:
    """Say who changed what while a form was open."""
    if not decided:
        return gettext("This value was changed while the page was open.")
    last = max(decided, key=lambda one: (one.decided_at or one.proposed_at, one.pk))
    at = (last.decided_at or last.proposed_at).astimezone(reporting_clock.reporting_zone())
    values = {
        "who": str(last.decided_by) if last.decided_by else gettext("Somebody"),
        "name": gettext(definition.name),
        "value": definition.written(last.new_value),
        "scope": scope_name(last.parameter),
        "moment": localized.moment(at),
        "reason": last.reason,
    }
    if last.status == ParameterChange.Status.REJECTED:
        text = gettext(
            "%(who)s rejected the proposal %(name)s: %(value)s (%(scope)s) on %(moment)s, while "
            "this page was open."
        )
    else:
        text = gettext(
            "%(who)s changed %(name)s (%(scope)s) to %(value)s on %(moment)s, while this page was "
            "open. The reason: “%(reason)s”."
        )
    return text % values


def revert(change: ParameterChange, *, reason: str, by: User) -> None:
    """Revert a change; ValidationError that says who did so if it is reverted already."""
    parameters.revert(change, reason=reason, by=by)
