from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from pytest_django import DjangoAssertNumQueries

from curriculum.models import Module
from kpis.tests.measured import (
    COMPLETION,
    NOW,
    SCORES,
    VIDEO,
    course,
    fed,
    manager,
    measured,
    stranger,
)
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

PAGE = "/kpi-dashboard"
KPI_PAGE = f"/kpi-dashboard/{COMPLETION}"


def links(html: str, word: str) -> list[str]:
    return [unescape(url) for url in re.findall(r'href="([^"]*)"', html) if word in url]


def test_a_card_shows_value_target_difference_interval_and_observations(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)

    text = ada.reads(PAGE)

    # Wilson for 90 of 100: 0.8852 ± 0.0596
    assert "Completion rate 90.0% Target met: 5.0 pts above 85%" in text
    assert "95% interval 82.6–94.5% Observations 100" in text
    assert "The difference from the target may be chance." in text


def test_a_card_is_in_the_reader_s_language(ada: Visitor) -> None:
    measured(COMPLETION, "2026-05", total=80, n=100)
    measured(COMPLETION, "2026-06", total=90, n=100)
    ada.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"

    text = ada.reads(PAGE).replace("\N{NO-BREAK SPACE}", " ")

    assert "90,0 % Ziel erreicht: 5,0 Pkt. über 85 %" in text
    assert "Gegenüber 80,0 % (Mai 2026) um 10,0 Pkt. gestiegen" in text


def test_a_missed_target_is_described_in_words(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=60, n=100)

    assert "60.0% Target missed: 25.0 pts below 85%" in ada.reads(PAGE)


def test_a_card_shows_the_change_from_the_period_before(ada: Visitor) -> None:
    measured(COMPLETION, "2026-05", total=80, n=100)
    measured(COMPLETION, "2026-06", total=90, n=100)

    assert "Up 10.0 pts from 80.0% in May 2026" in ada.reads(PAGE)


def test_selected_dates_show_one_value_and_compare_no_period_within(ada: Visitor) -> None:
    measured(COMPLETION, "2026-05", total=80, n=100)
    measured(COMPLETION, "2026-06", total=90, n=100)

    text = ada.reads(f"{PAGE}?from=2026-05-01&to=2026-06-30")

    # the value of the dates is computed from facts, and there are none
    assert "1 May 2026 – 30 Jun 2026" in text
    assert "Completion rate No data –" in text
    assert "Up 10.0 pts" not in text


def test_comparing_with_the_target_omits_the_change(ada: Visitor) -> None:
    measured(COMPLETION, "2026-05", total=80, n=100)
    measured(COMPLETION, "2026-06", total=90, n=100)

    text = ada.reads(f"{PAGE}?compare=target")

    assert "Target met" in text
    assert "Up 10.0 pts" not in text


def test_depth_shows_its_components(ada: Visitor) -> None:
    measured(VIDEO, "2026-06", total=30, n=40)

    text = ada.reads(PAGE)

    assert "Engagement depth 75.0% On target: 75%" in text
    assert "Video watch 75.0% Interaction rate – No data" in text


def test_a_value_without_data_is_a_dash_and_never_zero(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)

    text = ada.reads(PAGE)

    assert "Assessment performance No data – Target: 80%" in text
    assert " 0.0%" not in text


def test_the_open_month_is_provisional(ada: Visitor) -> None:
    measured(COMPLETION, "2026-07", total=20, n=40)

    assert "July 2026 50.0% Provisional" in ada.reads(PAGE)


def test_a_value_changed_by_late_data_has_a_note(ada: Visitor) -> None:
    row = measured(COMPLETION, "2026-06", total=90, n=100)
    row.restated_at = NOW
    row.save()

    assert "Late data changed this value on 10 Jul 2026, 12:00." in ada.reads(PAGE)


def test_a_value_without_recent_data_is_out_of_date(ada: Visitor) -> None:
    fed(course("py"), through=datetime(2026, 6, 10, 8, tzinfo=UTC))
    measured(COMPLETION, "2026-06", total=90, n=100)

    assert "The latest data is from 10 Jun 2026, 08:00." in ada.reads(PAGE)


def test_a_module_has_its_value_and_difference(ada: Visitor) -> None:
    python = course("py", "loops", "tests")
    loops = Module.objects.get(key="loops")
    measured(SCORES, "2026-06", total=15, n=20, of=loops)

    text = ada.reads(PAGE)

    assert "All about py Loops 75.0%" in text
    assert "20 −5.0 pts (target missed)" in text
    assert "Tests" not in text
    assert python.title in text


def test_a_small_module_shows_no_number_to_a_manager(ada: Visitor) -> None:
    python = course("py", "loops", "tests", "types")
    for module, total, learners in (("loops", 3, 4), ("tests", 12, 20), ("types", 18, 30)):
        measured(SCORES, "2026-06", total, learners, of=Module.objects.get(key=module))

    text = Visitor(manager(python)).reads(PAGE)

    # 3 of 4 must be hidden, and also the 12 of 20 from which they could be derived
    assert "Loops – Hidden – " in text
    assert "Tests – Hidden – " in text
    assert "Types 60.0%" in text
    assert "75.0%" in ada.reads(PAGE)


def test_a_table_of_a_longer_period_names_that_period(ada: Visitor) -> None:
    python = course("py")
    measured(COMPLETION, "2026-06", total=90, n=100, of=python)

    text = Visitor(manager(python)).reads(f"{KPI_PAGE}?period=day&from=2026-06-10&to=2026-06-17")

    # without the permission for small groups, the table covers whole months
    assert "Days to complete in 1 Jun 2026 – 30 Jun 2026" in text


def test_an_empty_site_explains_how_to_send_data(ada: Visitor) -> None:
    text = ada.reads(PAGE)

    assert "create_api_key my-lms" in text
    assert "curl http://testserver/api/events" in text
    assert "/admin/intake/event/import/" in ada.html


def test_a_manager_of_an_empty_course_sees_no_commands(ada: Visitor) -> None:
    text = Visitor(manager(course("py"))).reads(PAGE)

    assert "Values appear here as soon as data for your courses arrives." in text
    assert "create_api_key" not in text


def test_a_row_of_the_comparison_links_to_its_group(ada: Visitor) -> None:
    python = course("py", "loops")
    measured(COMPLETION, "2026-06", total=90, n=100, of=python)
    ada.reads(f"{KPI_PAGE}?by=course&period=month")

    assert "?period=month&course=py" in links(ada.html, "course=py")


def test_a_manager_sees_only_granted_courses(ada: Visitor) -> None:
    python, ruby = course("py"), course("rb")
    measured(COMPLETION, "2026-06", total=90, n=100, of=python)
    measured(COMPLETION, "2026-06", total=10, n=100, of=ruby)
    measured(COMPLETION, "2026-06", total=100, n=200)

    text = Visitor(manager(python)).reads(PAGE)

    assert "Completion rate 90.0%" in text
    assert "All about rb" not in text


def test_a_learner_may_not_see_the_dashboard() -> None:
    cleo = Visitor(stranger())

    text = cleo.reads(PAGE)

    assert cleo.status == 403
    assert "Ask the staff to grant you the course." in text


@pytest.mark.parametrize("path", [PAGE, KPI_PAGE])
def test_a_visitor_is_sent_to_the_sign_in_page(path: str) -> None:
    nobody = Visitor()
    nobody.reads(path)

    assert nobody.status == 302


def test_an_invalid_filter_shows_its_error_and_the_page_ignores_it(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100, of=course("py"))

    text = ada.reads(f"{PAGE}?course=py&from=soon")

    assert ada.status == 400
    assert "“from” must be a date such as 2026-03-31." in text
    assert 'value="soon" aria-invalid="true"' in ada.html
    assert "Completion rate 90.0%" in text


def test_a_manager_cannot_choose_another_course(ada: Visitor) -> None:
    python, _ = course("py"), course("rb")
    bo = Visitor(manager(python))

    text = bo.reads(f"{PAGE}?course=rb")

    assert bo.status == 400
    assert "Unknown course “rb”. Available courses: py." in text


def test_runs_and_modules_need_a_course(ada: Visitor) -> None:
    course("py", "loops")

    assert "Choose a course" in ada.reads(f"{PAGE}?period=month")
    ada.reads(f"{PAGE}?course=py")
    assert '<option value="loops">Loops</option>' in ada.html


def test_a_kpi_without_modules_shows_the_course(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100, of=course("py", "loops"))

    text = ada.reads(f"{PAGE}?course=py&module=loops")

    assert "90.0%" in text
    assert "This is for the whole course: the KPI is not measured by module." in text


def test_without_recent_data_the_page_shows_the_latest_period_with_data(ada: Visitor) -> None:
    for kpi, month in ((COMPLETION, "2019-08"), (COMPLETION, "2019-05"), (SCORES, "2019-05")):
        measured(kpi, month, total=90, n=100)

    text = ada.reads(PAGE)

    # August has one value, May has two
    assert "This page shows May 2019" in text
    assert "Completion rate 90.0%" in text
    assert links(ada.html, "from=2025-07-01")


def test_selected_dates_are_kept_without_data(ada: Visitor) -> None:
    measured(COMPLETION, "2019-05", total=90, n=100)

    text = ada.reads(f"{PAGE}?from=2026-01-01")

    assert "There is no recent data" not in text
    assert "There is no data for these filters." in text


def test_a_tab_without_data_names_the_data_it_needs(ada: Visitor) -> None:
    text = ada.reads(f"{PAGE}?tab=outcome")

    assert "No skill assessments, certificates, survey answers or career reports" in text
    assert "%" not in text


@pytest.mark.parametrize("path", [f"{PAGE}?tab=nowhere", f"{PAGE}/engagement.nothing"])
def test_an_unknown_tab_or_kpi_is_not_found(ada: Visitor, path: str) -> None:
    ada.reads(path)

    assert ada.status == 404


def test_every_export_link_works(ada: Visitor) -> None:
    python = course("py", "loops")
    measured(COMPLETION, "2026-06", total=90, n=100, of=python)
    ada.reads(f"{PAGE}?course=py&module=loops&compare=target")

    urls = links(ada.html, "format=csv")

    assert len(urls) == 6
    assert {ada.client.get(url).status_code for url in urls} == {200}


def test_the_page_of_a_kpi_lists_its_periods(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)

    text = ada.reads(KPI_PAGE)

    assert "June 2026 90.0% 82.6–94.5% 100 90 of 100 85% +5.0 pts (target met) Closed" in text
    assert "(Enrollments that fell due in the period" in text


def test_the_page_of_a_kpi_compares_courses(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=60, n=100, of=course("py"))

    assert "All about py 60.0%" in ada.reads(KPI_PAGE)


def test_the_page_of_a_kpi_shows_its_drill_downs(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)

    text = ada.reads(KPI_PAGE)

    assert "Reach" in text
    assert {ada.client.get(url).status_code for url in links(ada.html, "format=csv")} == {200}


def test_staff_get_a_link_to_the_targets(ada: Visitor) -> None:
    ada.reads(KPI_PAGE)

    assert links(ada.html, "/admin/kpis/target/") == [f"/admin/kpis/target/?kpi={COMPLETION}"]


def test_the_number_of_queries_does_not_grow_with_courses_and_periods(
    ada: Visitor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def grow(*keys: str) -> None:
        for key in keys:
            python = course(key, "loops", "tests")
            for month in ("2026-03", "2026-04", "2026-05", "2026-06"):
                measured(COMPLETION, month, total=9, n=10, of=python)
                for module in python.modules.all():
                    measured(SCORES, month, total=9, n=10, of=module)

    measured(COMPLETION, "2026-06", total=90, n=100)
    grow("py")
    with django_assert_max_num_queries(60) as few:
        ada.reads(PAGE)
    grow("rb", "go", "c")
    with django_assert_max_num_queries(len(few)):
        ada.reads(PAGE)
