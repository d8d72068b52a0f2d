from __future__ import annotations

import re
from html import unescape

import pytest

from kpis.tests.measured import COMPLETION, course, measured
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

PAGE = "/kpi-dashboard"


def dates_in(html: str) -> list[str]:
    """The links of the page to other dates, from its navigation."""
    nav = re.search(r'<nav class="dates".*?</nav>', html, re.DOTALL)
    assert nav
    return [unescape(url) for url in re.findall(r'href="([^"]*)"', nav[0])]


def arrows(ada: Visitor, path: str) -> tuple[str, str]:
    """The links to the dates before and after."""
    ada.reads(path)
    links = dates_in(ada.html)
    return links[0], links[-1]


def test_a_page_leads_to_the_named_dates_and_keeps_the_other_filters(ada: Visitor) -> None:
    course("py")
    ada.reads(f"{PAGE}?tab=business&period=week&from=2026-05-04&course=py&compare=target")
    links = dates_in(ada.html)

    assert "?course=py&compare=target&dates=last-quarter&tab=business" in links
    assert all("course=py&compare=target" in one and "tab=business" in one for one in links)
    assert not any("week" in one for one in links[1:-1])


@pytest.mark.parametrize(
    ("query", "before", "after"),
    [
        ("", "dates=2026-05", "dates=2026-07"),
        ("?dates=2026-Q1", "dates=2025-Q4", "dates=2026-Q2"),
        # three whole months, not 91 days
        ("?from=2026-02-01&to=2026-04-30", "from=2025-11-01&to=2026-01-31",
         "from=2026-05-01&to=2026-07-31"),
        ("?dates=last-30-days", "from=2026-05-11&to=2026-06-09", "from=2026-07-10&to=2026-08-08"),
    ],
)  # fmt: skip
def test_the_arrows_move_by_the_length_of_the_dates(
    ada: Visitor, query: str, before: str, after: str
) -> None:
    measured(COMPLETION, "2026-06", total=9, n=10)
    first, last = arrows(ada, PAGE + query)

    assert before in first
    assert after in last


def test_no_arrow_leads_to_the_future(ada: Visitor) -> None:
    assert "last-12-months" in arrows(ada, f"{PAGE}?dates=this-month")[1]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "June 2026 (last closed month) ·"),
        ("?dates=last-month", "June 2026 (Last month) ·"),
        ("?dates=this-month", "July 2026 (This month so far) Provisional ·"),
        ("?dates=2026-03", "March 2026 ·"),
        ("?dates=last-12-months", "1 Jul 2025 – 30 Jun 2026 (Last 12 months) ·"),
    ],
)
def test_the_page_says_which_dates_it_shows_and_why(ada: Visitor, query: str, says: str) -> None:
    measured(COMPLETION, "2026-06", total=9, n=10)

    assert says in ada.reads(PAGE + query)


def test_typed_days_replace_dates_chosen_before(ada: Visitor) -> None:
    text = ada.reads(f"{PAGE}?dates=last-month&from=2026-02-01&to=2026-02-28")

    assert ada.status == 200
    assert "1 Feb 2026 – 28 Feb 2026" in text


def test_unknown_dates_are_a_sentence_beside_the_rest(ada: Visitor) -> None:
    text = ada.reads(f"{PAGE}?dates=yesterday")

    assert ada.status == 400
    assert "“yesterday” are no known dates." in text


def test_a_month_is_compared_with_the_same_of_last_year(ada: Visitor) -> None:
    measured(COMPLETION, "2025-06", total=40, n=100)
    measured(COMPLETION, "2026-05", total=80, n=100)
    measured(COMPLETION, "2026-06", total=90, n=100)

    text = ada.reads(f"{PAGE}?compare=last-year")

    assert "Target met: 5.0 pts above 85%" in text
    assert "Up 50.0 pts from 40.0% in June 2025" in text
    assert "May 2026" in text  # in the table


def test_comparing_with_nothing_shows_neither_target_nor_change(ada: Visitor) -> None:
    measured(COMPLETION, "2026-05", total=80, n=100)
    measured(COMPLETION, "2026-06", total=90, n=100)

    text = ada.reads(f"{PAGE}/{COMPLETION}?compare=none")

    assert "Target met" not in text
    assert "Up 10.0 pts" not in text


def test_a_change_that_may_be_chance_is_neither_good_nor_bad(ada: Visitor) -> None:
    measured(COMPLETION, "2026-05", total=80, n=100)
    measured(COMPLETION, "2026-06", total=82, n=100)
    ada.reads(PAGE)

    assert 'class="change level">Up 2.0 pts' in ada.html


def test_periods_of_tables_and_charts_lead_to_the_period(ada: Visitor) -> None:
    measured(COMPLETION, "2026-05", total=80, n=100)
    ada.reads(f"{PAGE}/{COMPLETION}")

    assert '<a href="?dates=2026-05">May 2026</a>' in ada.html
    assert '"links": ["?dates=2025-07"' in ada.html
