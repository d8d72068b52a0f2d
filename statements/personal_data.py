from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.mentions import containing, may_name_people
from core.personal_data import (
    Action,
    Person,
    found_once,
    holds_no_personal_data,
    holds_personal_data,
)
from statements.models import (
    CaliperEvent,
    InterpretedStatement,
    LearnerIdentifier,
    Mapping,
    Pattern,
    SenderDefault,
    Unit,
    UnitReport,
)
from xapi.personal_data import finds_identifiers
from xapi.statements import erased
from xapi.statements.agents import SHA1


def _identifiers_of(person: Person) -> QuerySet[LearnerIdentifier]:
    """Find what names the learner in statements, and what contains an address of theirs."""
    named = Q(learner_key=person.key)
    if person.addresses:
        named |= containing(["value"], person.addresses)
    return LearnerIdentifier.objects.filter(named)


@found_once
def _known_as(person: Person) -> list[tuple[str, str]]:
    """Return what names the learner in statements, and the key that it stands for."""
    return list(_identifiers_of(person).values_list("value", "learner_key"))


def _caliper_events_of(person: Person) -> QuerySet[CaliperEvent]:
    """Find the events about the learner, and those that name them by an address."""
    about = [value.partition(":")[2] for value, _ in _known_as(person)]
    named = containing(["body", "event_id"], person.unmistakable)
    return CaliperEvent.objects.filter(Q(about__in=about) | named)


def _delete_caliper_events(rows: QuerySet[CaliperEvent], person: Person) -> None:
    keys = rows.order_by().values_list("event_id", flat=True)
    erased.note(erased.id_of(key) for key in keys if key)
    rows.delete()


def _statements_of(person: Person) -> QuerySet[InterpretedStatement]:
    """Find statements whose own ids name the person."""
    named = containing(["statement_id", "voids"], person.addresses)
    rows = InterpretedStatement.objects.filter(named) if person.addresses else None
    return InterpretedStatement.objects.none() if rows is None else rows


def _units_of(person: Person) -> QuerySet[Unit]:
    named = Q(learner_key=person.key)
    for address in person.addresses:
        named |= Q(learner_key__icontains=address) | Q(agent__icontains=address)
    return Unit.objects.filter(named)


def _unit_reports_of(person: Person) -> QuerySet[UnitReport]:
    return UnitReport.objects.filter(unit__in=_units_of(person))


@finds_identifiers
def _agents_of(person: Person) -> set[str]:
    """Return the identifiers of agents as the store of xAPI statements writes them."""
    values = [value for value, key in _known_as(person) if key == person.key]
    return {value.removeprefix("mbox:").replace("mbox_sha1sum:", SHA1, 1) for value in values}


# before the identifiers, by which they are found
holds_personal_data(
    CaliperEvent,
    _caliper_events_of,
    ("about", "body", "event_id"),
    action=Action.DELETE,
    by=_delete_caliper_events,
)
holds_personal_data(InterpretedStatement, _statements_of, ("statement_id",), action=Action.DELETE)
holds_personal_data(UnitReport, _unit_reports_of, ("statement_id",), action=Action.DELETE)
holds_personal_data(Unit, _units_of, ("learner_key", "agent"), action=Action.DELETE)
holds_personal_data(LearnerIdentifier, _identifiers_of, ("value",), action=Action.DELETE)
holds_no_personal_data(
    Pattern, reason=_("What senders report, counted; the example is kept without people.")
)
holds_no_personal_data(
    Mapping, SenderDefault, reason=_("What staff say that statements of a sender mean.")
)
may_name_people(Pattern, "example")
