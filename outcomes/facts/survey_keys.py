"""Find surveys and waves by the keys in events, and create unknown ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.external_keys import ids_by_key
from intake.models import Event
from outcomes.models import Survey, Wave

Keys = tuple[str, str]

ASKS = {"nps": "asks_nps", "csat": "asks_csat", "career": "asks_career", "comment": "asks_comment"}


def waves_of(events: Sequence[Event]) -> dict[Keys, int]:
    """The IDs of the waves of these events, by the keys of survey and wave."""
    wanted = {keys_of(event) for event in events}
    found = _existing(wanted)
    if missing := wanted - set(found):
        _create(missing)
        found = _existing(wanted)
    return found


def keys_of(event: Event) -> Keys:
    return event.data["survey"], event.data["wave"]


def _existing(wanted: Iterable[Keys]) -> dict[Keys, int]:
    rows = Wave.objects.filter(survey__key__in={survey for survey, _ in wanted}).order_by()
    return {(survey, key): pk for survey, key, pk in rows.values_list("survey__key", "key", "pk")}


def _create(missing: Iterable[Keys]) -> None:
    """Create surveys and waves that an external system sends; their questions are not known yet."""
    ordered = sorted(missing)
    asks = dict.fromkeys(ASKS.values(), False)
    Survey.objects.bulk_create(
        [Survey(key=key, title=key, **asks) for key in dict.fromkeys(key for key, _ in ordered)],
        ignore_conflicts=True,
    )
    surveys = ids_by_key(Survey, dict(ordered))
    Wave.objects.bulk_create(
        [Wave(survey_id=surveys[survey], key=key, reminder_days=None) for survey, key in ordered],
        ignore_conflicts=True,
    )


def record_questions(events: Iterable[Event]) -> None:
    """Note that a survey asks the questions that these events answer."""
    answers = list(events)
    for name, asks in ASKS.items():
        keys = {event.data["survey"] for event in answers if event.data.get(name) is not None}
        if keys:
            Survey.objects.filter(key__in=keys, **{asks: False}).update(**{asks: True})
