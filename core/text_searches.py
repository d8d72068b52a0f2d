"""Find rows by texts that name a person: the database finds candidates, and each is checked.

The candidates of all declarations are read in one statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast

from core.database.id_lists import ids_in
from core.personal_data import Find, Person, found_once


@dataclass(frozen=True)
class TextSearch:
    """Which rows of a model may name a person in their texts, and how to tell whether they do."""

    model: type[Model]
    may_name: Callable[[Person], Q]
    texts: tuple[str, ...]
    names: Callable[..., bool]
    at: int = field(default_factory=lambda: len(SEARCHES))


SEARCHES: list[TextSearch] = []
MOST_TEXTS = 4


def any_text_names(person: Person, *texts: str) -> bool:
    return any(map(person.is_named_in, texts))


def by_texts(
    model: type[Model],
    may_name: Callable[[Person], Q],
    *texts: str,
    names: Callable[..., bool] = any_text_names,
) -> Find:
    """Return how to find the rows of a model whose texts, four at most, name the person.

    `may_name` is the condition of the candidates; it must not depend on another search.
    """
    search = TextSearch(model, may_name, texts, names)
    SEARCHES.append(search)
    return lambda person: QuerySet(model).filter(pk__in=ids_in(_found(person)[search.at]))


@found_once
def _found(person: Person) -> list[list[int]]:
    """Return the ids of the rows that each search finds."""
    found: list[list[int]] = [[] for _ in SEARCHES]
    first, *others = (_candidates(one, person) for one in SEARCHES)
    for at, pk, *texts in first.union(*others, all=True).iterator():
        search = SEARCHES[at]
        if search.names(person, *texts[: len(search.texts)]):
            found[at].append(pk)
    return found


def _candidates(search: TextSearch, person: Person) -> QuerySet[Any, Any]:
    rows: QuerySet[Any] = QuerySet(search.model).filter(search.may_name(person)).order_by()
    texts = [Cast(name, TextField()) for name in search.texts]
    missing = [Value("", TextField()) for _ in range(MOST_TEXTS - len(texts))]
    columns = {f"text_{at}": text for at, text in enumerate([*texts, *missing])}
    rows = rows.annotate(search=Value(search.at), **columns)
    return rows.values_list("search", "pk", *columns)
