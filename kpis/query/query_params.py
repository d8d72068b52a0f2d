"""From the query string of the API to a question, with every wrong value told."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.reader import Reader
from core.api_errors import InvalidParameters, invalid_parameters
from core.external_keys import normalize_key
from curriculum.models import Learner
from kpis.definitions.registry import Indicator, has_modules, has_runs
from kpis.query.kpi_query import KpiQuery, KpiQueryForm

SCOPE = ("from", "to", "period", "course", "run", "module", "learner", "format")
ALL = (*SCOPE, "by", "compare")


def query_of(
    request: Request, indicator: Indicator, *, names: Collection[str] = ALL
) -> tuple[Reader, KpiQuery]:
    """Who asks, and what; BadQuestion (400) with the field that is wrong."""
    reject_unknown(request, names)
    reader, question = reader_and_query(request)
    _check_parts(indicator, question)
    return reader, question


def reader_and_query(request: Request) -> tuple[Reader, KpiQuery]:
    """Who asks, and what of any KPI; BadQuestion (400) with the field that is wrong."""
    reader = Reader.of(request.user)
    form = KpiQueryForm(request.query_params, reader=reader, now=timezone.now())
    if not form.is_valid():
        raise invalid_parameters(form)
    _check_people(request, reader)
    return reader, form.question(learners=_learners(request, reader))


def reject_unknown(request: Request, names: Collection[str]) -> None:
    """BadQuestion for a parameter that there is none of, or that is empty.

    A slip must not pass for a wish.
    """
    for name, values in request.query_params.lists():
        if name not in names:
            raise InvalidParameters(
                f"There is no parameter {name}; there are {', '.join(names)}.", name
            )
        if not all(value.strip() for value in values):
            raise InvalidParameters(f"{name} is empty: give it a value or leave it out.", name)


def check_limit(request: Request, most: int) -> None:
    """BadQuestion for a page of no size, or of more rows than are given at once."""
    limit = request.query_params.get("limit")
    if limit is None:
        return
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10 and 1 <= int(limit) <= most):
        raise InvalidParameters(f"“{limit[:40]}” is no limit; it is 1 to {most}.", "limit")


def wants_csv(request: Request) -> bool:
    wanted = request.query_params.get("format", "json")
    if wanted not in ("json", "csv"):
        raise InvalidParameters(f"“{wanted}” is no format; choose json or csv.", "format")
    return wanted == "csv"


def _check_parts(indicator: Indicator, question: KpiQuery) -> None:
    for part, is_known, asked in (
        ("module", has_modules(indicator), question.module),
        ("run", has_runs(indicator), question.run),
        ("learner", indicator.has_learners, question.scope.learner_ids),
    ):
        if is_known:
            continue
        if question.by == part:
            raise InvalidParameters(f"{indicator.name} cannot be told apart by {part}.", "by")
        if asked:
            raise InvalidParameters(f"{indicator.name} cannot be asked of a {part}.", part)


def _check_people(request: Request, reader: Reader) -> None:
    # who may choose the people could choose two groups that differ by one
    chooses = "learner" in request.query_params or request.query_params.get("by") == "learner"
    if chooses and not reader.sees_small_groups:
        raise PermissionDenied("Figures of chosen learners need kpis:small-groups.")


def _learners(request: Request, reader: Reader) -> list[int] | None:
    """The ids of the learners named; None when none is."""
    keys = request.query_params.getlist("learner")
    if not keys:
        return None
    known: dict[str, int] = {}
    if not any("\0" in key for key in keys):
        mine = Learner.objects.filter(
            key__in=[*keys, *map(normalize_key, keys)],
            enrollments__run__course__in=reader.courses(),
        )
        known = dict(mine.values_list("key", "pk"))
    if unknown := [key for key in keys if not {key, normalize_key(key)} & known.keys()]:
        raise InvalidParameters(f"There is no learner “{unknown[0]}” in your courses.", "learner")
    return list(known.values())
