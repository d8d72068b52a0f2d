"""No suppressed figure is a linear combination of the figures that are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from pytest_django import Settings

from accounts.reader import Reader
from kpis.tests import kernel
from kpis.tests.audited import (
    Atom,
    Cell,
    Cells,
    Known,
    cells_of,
    keep,
    people_of,
    shown_to,
    three_courses,
)

# suppression is computed from measurements, so the database does not matter
pytestmark = [pytest.mark.django_db, pytest.mark.once]

STAFF = Reader(True, True, False, frozenset())


@pytest.fixture(autouse=True)
def _small_is_under_ten(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    kernel.declare(monkeypatch)
    settings.KPI_MIN_GROUP = 10


# the number of figures of ten or more learners shown when days and weeks were decided separately
@pytest.mark.parametrize(
    ("seed", "shown_before"), [(1, 150), (2, 157), (3, 204), (4, 154), (5, 175)]
)
def test_no_small_group_can_be_derived_and_more_is_shown(seed: int, shown_before: int) -> None:
    runs = three_courses()
    people = people_of(runs, seed=seed)
    cells = cells_of(runs, people)
    keep(cells, people)
    shown = shown_to(STAFF, cells)

    assert followed(cells, shown, people) == []
    assert len(shown) > shown_before


@pytest.mark.parametrize("seed", range(6, 10))
def test_a_manager_of_one_course_cannot_derive_a_small_group(seed: int) -> None:
    runs = three_courses()[:3]
    people = people_of(runs, seed=seed)
    cells = cells_of(runs, people)
    keep(cells, people)
    mine = {cell: inside for cell, inside in cells.items() if not cell[0].is_site}
    bo = Reader(True, False, False, frozenset({runs[0].course_id}))

    assert followed(mine, shown_to(bo, mine), people) == []


@pytest.mark.parametrize("seed", range(6, 10))
def test_a_manager_of_one_run_sees_a_part_of_what_its_course_shows(seed: int) -> None:
    runs = three_courses()[:3]
    people = people_of(runs, seed=seed)
    cells = cells_of(runs, people)
    keep(cells, people)
    one = runs[0]
    mine = {cell: inside for cell, inside in cells.items() if cell[0].run_id == one.pk}
    bo = Reader(True, False, False, frozenset({one.course_id}))
    cleo = Reader(True, False, False, frozenset(), frozenset({(one.course_id, one.pk)}))

    assert shown_to(cleo, mine) == shown_to(bo, mine)
    assert followed(mine, shown_to(cleo, mine), people) == []


@pytest.mark.parametrize("seed", range(6, 8))
def test_a_manager_of_a_course_and_a_run_of_another_cannot_derive_a_small_group(seed: int) -> None:
    runs = three_courses()
    people = people_of(runs, seed=seed)
    cells = cells_of(runs, people)
    keep(cells, people)
    whole, single = runs[0].course_id, runs[3]
    cleo = Reader(
        True, False, False, frozenset({whole}), frozenset({(single.course_id, single.pk)})
    )
    mine = {
        cell: inside
        for cell, inside in cells.items()
        if cell[0].run_id == single.pk or cell[0].course_ids == frozenset({whole})
    }

    assert followed(mine, shown_to(cleo, mine), people) == []


def followed(cells: Cells, shown: Iterable[Cell], people: Mapping[Atom, int]) -> list[Cell]:
    """Return the small cells that are linear combinations of shown cells."""
    known = Known(cells[cell] for cell in shown)
    small = [cell for cell, inside in cells.items() if sum(people[at] for at in inside) < 10]
    return [cell for cell in small if known.reveals(cells[cell])]
