from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from alerts.models import Alert, AlertEvent
from alerts.tests.alerted import JUNE, add_event, create_alert
from alerts.tests.visits import PAGE, page_of, submit_form
from curriculum.models import Course
from kpis.tests.measured import COMPLETION, NOW, SCORES, course, fed, manager, measured, stranger
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]


@pytest.fixture
def python() -> Course:
    return course("py", "loops", "tests")


def test_an_alert_shows_its_scope_and_start(ada: Visitor, python: Course) -> None:
    create_alert(python)

    text = ada.reads(PAGE)

    assert "Warning Completion rate of All about py misses its target" in text
    assert "misses its target June 2026: 60.0%, 25.0 pts below the target" in text
    assert "Since June 2026 No owner Firing" in text


def test_a_shipped_rule_is_named_after_the_course_of_the_alert(
    ada: Visitor, python: Course
) -> None:
    name = "Completion rate of a course misses its target"

    create_alert(python, name=name)
    create_alert(python.modules.get(key="loops"), name=name.replace("a course", "a module"))

    assert "All about py: Completion rate misses its target" in ada.reads(PAGE)
    assert f"All about py, {python.modules.get(key='loops')}: Completion rate misses" in ada.html


def test_open_and_severe_alerts_come_first(ada: Visitor) -> None:
    create_alert(name="Over", closed_at=NOW, severity="critical")
    for severity in ("info", "critical", "warning"):
        create_alert(name=severity.title(), severity=severity)

    text = ada.reads(f"{PAGE}?state=all")

    found = [text.index(f"Whole site: {name}") for name in ("Critical", "Warning", "Info", "Over")]
    assert found == sorted(found)


def test_alerts_are_counted_above_and_in_the_header(ada: Visitor, python: Course) -> None:
    create_alert(severity="critical")
    create_alert(python, owner=User.objects.get())
    create_alert(name="Over", closed_at=NOW)

    text = ada.reads(PAGE)

    assert "2 open: 1 critical, 1 warning, 0 info; 1 without an owner, 1 yours · 1 closed" in text
    assert "Alerts 2 open" in text
    assert "Alerts 2 open" in ada.reads("/kpi-dashboard")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "ABC"),
        ("severity=critical", "A"),
        ("course=py", "B"),
        (f"kpi={COMPLETION}", "AB"),
        ("owner=me", "C"),
        ("owner=none", "AB"),
        ("owner=ada@example.com", "C"),
        ("state=snoozed", "B"),
        ("state=stale", "C"),
        ("q=DEPTH", "C"),
        ("q=rate", "AB"),
        ("q=about+rate", "B"),
        ("q=whole+site&state=all", "ACD"),
        ("q=ada@", "C"),
        ("q=nothing", ""),
        ("state=closed", "D"),
        ("state=all", "ABCD"),
        ("state=closed&severity=critical", ""),
    ],
)
def test_filters_narrow_the_list(ada: Visitor, python: Course, query: str, names: str) -> None:
    create_alert(name="Alert A", severity="critical")
    create_alert(python, name="Alert B", snoozed_until=NOW + timedelta(days=1))
    create_alert(name="Alert C", kpi="engagement.depth", owner=User.objects.get(), state="stale")
    create_alert(name="Alert D", closed_at=NOW)

    text = ada.reads(f"{PAGE}?{query}")

    assert [one for one in "ABCD" if f"Alert {one}" in text] == list(names)


def test_an_invalid_filter_is_explained_next_to_its_field(ada: Visitor) -> None:
    create_alert()
    text = ada.reads(f"{PAGE}?severity=bad&course=no")

    assert ada.status == 400
    assert "Unknown value “bad”. Allowed: info, warning, critical." in text
    assert "Unknown course “no”." in text
    assert "misses its target" in text


@pytest.mark.parametrize(
    ("closed", "query", "said"),
    [
        (0, "", "There are no alerts yet."),
        (1, "", "There are no open alerts. Show closed alerts (1)"),
        (1, "?severity=info", "No alerts match."),
    ],
)
def test_an_empty_list_says_so(ada: Visitor, closed: int, query: str, said: str) -> None:
    for _ in range(closed):
        create_alert(closed_at=NOW)

    assert said in ada.reads(PAGE + query)


def test_pages_keep_the_filters(ada: Visitor) -> None:
    for number in range(51):
        create_alert(name=f"Alert {number:02}")

    assert "Page 1 of 2 Next" in ada.reads(f"{PAGE}?severity=warning")
    assert "?severity=warning&amp;page=2" in ada.html
    assert "Alert 00" in ada.reads(f"{PAGE}?severity=warning&page=2")


def test_the_number_of_queries_is_independent_of_alerts(
    ada: Visitor, python: Course, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        create_alert(python.modules.first() if number % 2 else python, name=f"Alert {number}")
    ada.reads(PAGE)

    with django_assert_max_num_queries(18):
        ada.reads(PAGE)


def test_managers_see_the_alerts_of_their_courses(python: Course) -> None:
    bo = Visitor(manager(python))
    mine, site = create_alert(python), create_alert()
    other = create_alert(course("rb"))

    text = bo.reads(PAGE)

    assert ("of All about py" in text, "of All about rb" in text) == (True, False)
    assert "of the site" not in text
    assert "Alerts 1 open" in text
    assert [bo.client.get(page_of(one)).status_code for one in (mine, other, site)] == [
        200, 404, 404,
    ]  # fmt: skip


def test_managers_act_on_no_other_alerts(python: Course) -> None:
    bo = Visitor(manager(python))
    codes = [
        submit_form(bo, one, "close", reason="No.")
        for one in (create_alert(course("rb")), create_alert())
    ]

    assert codes == [404, 404]
    assert not AlertEvent.objects.filter(kind="closed").exists()


def test_learners_see_no_alerts(python: Course) -> None:
    cleo = Visitor(stranger())
    cleo.reads(page_of(create_alert(python)))

    assert cleo.status == 403
    assert submit_form(cleo, Alert.objects.get(), "comment", text="Hello.") == 403


def test_figures_of_small_groups_stay_hidden(python: Course) -> None:
    bo = Visitor(manager(python))
    fed(python)
    measured(COMPLETION, "2026-06", total=3, n=5, of=python, learners=5)
    alert = create_alert(python)
    add_event(alert, "commented", reason="The exam was moved.")

    for path in (PAGE, page_of(alert)):
        assert "60.0" not in bo.reads(path)
        assert "Hidden to protect groups of fewer than 10 people." in bo.reads(path)
    assert "The exam was moved." in bo.reads(page_of(alert))


def test_readers_with_access_to_small_groups_see_their_alerts(ada: Visitor, python: Course) -> None:
    measured(COMPLETION, "2026-06", total=3, n=5, of=python, learners=5)

    assert "60.0%" in ada.reads(page_of(create_alert(python)))


def test_the_page_shows_figures_history_and_the_periods_around(
    ada: Visitor, python: Course
) -> None:
    measured(COMPLETION, "2026-05", total=90, n=100, of=python)
    measured(COMPLETION, "2026-06", total=60, n=100, of=python)
    alert = create_alert(python)
    add_event(alert, "worsened", reason="It got worse.", by=User.objects.get(), notifies=True)

    text = ada.reads(page_of(alert))

    assert "Target 85% Gap 25.0 pts below 95% interval 50.2% to 69.1%" in text
    assert "Opened June 2026: 60.0%, target 85.0%." in text
    assert "Worsened by Ada Notified It got worse." in text
    assert "June 2026 60.0% 50.2–69.1% 100 85% −25.0 pts (target missed) Closed Alert" in text
    assert '"span": [6, 6]' in ada.html


def test_the_period_of_the_recovery_is_not_shaded(ada: Visitor, python: Course) -> None:
    alert = create_alert(python, first_period_start="2026-05-01", closed_at=NOW, state="ok")
    add_event(alert, "recovered", period_start=JUNE)

    text = ada.reads(page_of(alert))

    assert "Recovered" in text
    assert '"span": [6, 6]' in ada.html


def test_the_page_links_to_the_filtered_kpi_and_for_staff_to_the_rule(
    ada: Visitor, python: Course
) -> None:
    loops = python.modules.get(key="loops")
    alert = create_alert(loops, kpi=SCORES)
    ada.reads(page_of(alert))

    query = "?period=month&amp;course=py&amp;module=loops"
    assert f'href="/kpi-dashboard/{SCORES}{query}"' in ada.html
    assert f'href="/admin/alerts/alertrule/{alert.rule_id}/change/"' in ada.html
    bo = Visitor(manager(python))
    bo.reads(page_of(alert))
    assert "/admin/" not in bo.html


def test_an_alert_of_a_removed_kpi_still_has_its_page(ada: Visitor) -> None:
    text = ada.reads(page_of(create_alert(kpi="engagement.gone")))

    assert ada.status == 200
    assert "engagement.gone" in text
    assert "engagement.gone" in ada.reads(PAGE)


def test_an_alert_of_a_module_without_values_still_has_its_page(python: Course) -> None:
    bo = Visitor(manager(python))
    alert = create_alert(python.modules.get(key="loops"))

    assert "June 2026: Hidden" in bo.reads(page_of(alert))
    assert "June 2026: Hidden" in bo.reads(PAGE)
