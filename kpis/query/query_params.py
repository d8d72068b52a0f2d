"""Read queries from the query strings of API requests, and reject every wrong parameter."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.reader import Reader
from core.api_errors import InvalidParameters, invalid_parameters
from core.external_keys import normalize_key
from curriculum.models import Learner
from kpis.definitions.registry import Indicator
from kpis.query.kpi_query import PARAMETERS, KpiQuery, KpiQueryForm

ALL = tuple(one.name for one in PARAMETERS)
# what drill-downs accept
SCOPE = tuple(name for name in ALL if name not in ("by", "compare"))


def query_of(
    request: Request, indicator: Indicator, *, names: Collection[str] = ALL
) -> tuple[Reader, KpiQuery]:
    """Return the reader and the query of a KPI; `names` are the parameters that are allowed.

    Like all functions here, it raises `InvalidParameters` (400) with the name of a wrong parameter.
    """
    reject_unknown(request, names)
    reader, query = reader_and_query(request)
    for name, is_supported, chosen in (
        ("module", indicator.has_modules, query.module),
        ("run", indicator.has_runs, query.run),
        ("learner", indicator.has_learners, query.scope.learner_ids),
    ):
        if is_supported:
            continue
        if query.by == name:
            raise InvalidParameters(f"{indicator.name} cannot be broken down by {name}.", "by")
        if chosen:
            raise InvalidParameters(f"{indicator.name} cannot be filtered by {name}.", name)
    return reader, query


def reader_and_query(request: Request) -> tuple[Reader, KpiQuery]:
    """Return the reader and the query, whatever KPI it is for."""
    reader = Reader.of(request.user)
    form = KpiQueryForm(request.query_params, reader=reader, now=timezone.now())
    if not form.is_valid():
        raise invalid_parameters(form)
    # Readers who could choose learners could compare two groups that differ by one person.
    chooses = "learner" in request.query_params or request.query_params.get("by") == "learner"
    if chooses and not reader.sees_small_groups:
        raise PermissionDenied("Choosing learners requires kpis:small-groups.")
    return reader, form.to_query(learners=_learners(request, reader))


def reject_unknown(request: Request, names: Collection[str]) -> None:
    """Reject unknown and empty parameters, so that a typo is not silently ignored."""
    for name, values in request.query_params.lists():
        if name not in names:
            allowed = ", ".join(names) or "none"
            raise InvalidParameters(f"Unknown parameter “{name}”. Allowed: {allowed}.", name)
        if not all(value.strip() for value in values):
            raise InvalidParameters(f"“{name}” is empty. Set it or leave it out.", name)


def check_limit(request: Request, most: int) -> None:
    """Reject a page size that is not a number from 1 to `most`."""
    limit = request.query_params.get("limit")
    if limit is None:
        return
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10 and 1 <= int(limit) <= most):
        raise InvalidParameters(f"“limit” must be from 1 to {most}, not “{limit[:40]}”.", "limit")


def wants_csv(request: Request) -> bool:
    wanted = request.query_params.get("format", "json")
    if wanted not in ("json", "csv"):
        raise InvalidParameters(f"Unknown format “{wanted}”. Choose json or csv.", "format")
    return wanted == "csv"


def _learners(request: Request, reader: Reader) -> list[int] | None:
    """Return the ids of the learners that the request names; None if it names none."""
    keys = request.query_params.getlist("learner")
    if not keys:
        return None
    known: dict[str, int] = {}
    if not any("\0" in key for key in keys):
        mine = Learner.objects.filter(
            key__in=[*keys, *map(normalize_key, keys)],
            enrollments__run__in=reader.runs(),
        )
        known = dict(mine.values_list("key", "pk"))
    if unknown := [key for key in keys if not {key, normalize_key(key)} & known.keys()]:
        raise InvalidParameters(f"Unknown learner “{unknown[0]}”.", "learner")
    return list(known.values())
