"""Check events against their kinds: the fields that these require, and the data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext
from pydantic import ValidationError

from intake.event_kinds import KINDS, EventKind, NoData
from intake.events.envelope import Envelope
from intake.events.opening import validate_together
from intake.events.rejections import EventRejected, rejection

Data = dict[str, Any]


def check_data(envelope: Envelope) -> Data:
    """Check an event against its kind; return its data as they are stored.

    Raises EventRejected if a field that the kind requires is missing, or the data are invalid.
    """
    kind = KINDS[envelope.kind]
    _check_required(envelope, kind)
    try:
        data = kind.data.model_validate(envelope.data)
    except ValidationError as error:
        raise rejection(error, within="data") from None
    if kind.check and (wrong := kind.check(envelope.value, data, envelope.occurred_at)):
        field, sentence = wrong
        raise EventRejected("invalid", f"{field}: {sentence}", field)
    return data.model_dump(mode="json", exclude_unset=True)


def _check_required(envelope: Envelope, kind: EventKind) -> None:
    for name in kind.required_fields:
        if getattr(envelope, name) is not None:
            continue
        reason = gettext("%(field)s: required for %(kind)s.")
        if name == "learner" and "customer" in kind.data.model_fields:
            if envelope.data.get("customer"):
                continue
            reason = gettext("%(field)s: required for %(kind)s unless data.customer is given.")
        raise EventRejected("missing", reason % {"field": name, "kind": kind.name}, name)


def check_all_data(envelopes: Mapping[int, Envelope]) -> dict[int, Data | EventRejected]:
    """Check events of known kinds; return the data of each as they are stored, or what is wrong."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for index, envelope in envelopes.items():
        by_kind[envelope.kind].append(index)
    checked: dict[int, Data | EventRejected] = {}
    for name in by_kind.keys() & KINDS.keys():
        indexes = by_kind[name]
        usual = _usual_data(KINDS[name], [envelopes[index] for index in indexes])
        for at, index in enumerate(indexes):
            checked[index] = usual[at] if at in usual else _data_or_rejection(envelopes[index])
    return checked


def _usual_data(kind: EventKind, envelopes: Sequence[Envelope]) -> dict[int, Data]:
    """Return the data of those in which nothing is wrong, by their index."""
    if kind.data is NoData and not any(one.data for one in envelopes):
        found: dict[int, Data] = {at: {} for at in range(len(envelopes))}
    else:
        valid = validate_together(kind.data_list, [one.data for one in envelopes])
        if check := kind.check:
            valid = {
                at: data
                for at, data in valid.items()
                if not check(envelopes[at].value, data, envelopes[at].occurred_at)
            }
        dumped = kind.data_list.dump_python(list(valid.values()), mode="json", exclude_unset=True)
        found = dict(zip(valid, dumped, strict=True))
    for name in kind.required_fields:
        found = {at: one for at, one in found.items() if getattr(envelopes[at], name) is not None}
    return found


def _data_or_rejection(envelope: Envelope) -> Data | EventRejected:
    try:
        return check_data(envelope)
    except EventRejected as rejected:
        return rejected
