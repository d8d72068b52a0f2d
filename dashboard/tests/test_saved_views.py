from __future__ import annotations

import pytest

from accounts.models import CourseGrant, User
from dashboard.models import SavedView
from dashboard.saved_views import saving
from kpis.tests.measured import NOW, course, manager
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

PAGE = "/kpi-dashboard"
VIEWS = f"{PAGE}/views"


@pytest.fixture
def bo() -> Visitor:
    course("py", "loops")
    return Visitor(manager(course("sql")))


def saved(one: Visitor, name: str = "Months", **filters: str) -> SavedView:
    one.client.post(f"{VIEWS}/new", {"name": name, "tab": "business", **filters})
    return SavedView.objects.latest("pk")


def act(one: Visitor, view: SavedView, act: str, **more: str) -> int:
    answer = one.client.post(f"{VIEWS}/{view.pk}/change", {"act": act, **more})
    return answer.status_code


def notes(one: Visitor, url: str) -> str:
    return one.client.get(url, follow=True).content.decode()


def test_a_view_opens_its_tab_with_its_filters(ada: Visitor) -> None:
    course("py")
    view = saved(ada, course="py", dates="last-quarter", compare="last-year", secret="no")

    assert view.query == "dates=last-quarter&course=py&compare=last-year"
    assert ada.client.get(f"{VIEWS}/{view.pk}")["Location"] == f"{PAGE}?tab=business&{view.query}"
    assert 'aria-current="true">Months' in notes(ada, f"{PAGE}?tab=business&{view.query}")


def test_the_default_opens_at_the_dashboard_s_address_only(ada: Visitor) -> None:
    first, second = saved(ada, "First"), saved(ada, "Second", period="week")
    for one in (first, second):
        act(ada, one, "default")

    assert ada.client.get(PAGE)["Location"] == f"{PAGE}?tab=business&period=week"
    assert ada.client.get(f"{PAGE}?tab=outcome").status_code == 200
    act(ada, second, "no-default")
    assert ada.client.get(PAGE).status_code == 200


def test_a_view_is_renamed_and_deleted_by_its_owner_only(ada: Visitor, bo: Visitor) -> None:
    view = saved(ada)

    assert act(bo, view, "rename", name="Mine") == 404
    assert act(ada, view, "rename", name="  By   month ") == 302
    assert SavedView.objects.get().name == "By month"
    act(ada, view, "delete")
    assert not SavedView.objects.exists()


def test_others_open_only_what_is_shared(ada: Visitor, bo: Visitor) -> None:
    view = saved(ada)

    assert bo.client.get(f"{VIEWS}/{view.pk}").status_code == 404
    act(ada, view, "share")
    assert bo.client.get(f"{VIEWS}/{view.pk}").status_code == 302
    assert "Months" in notes(bo, VIEWS)
    act(ada, view, "unshare")
    assert "Months" not in notes(bo, VIEWS)


def test_a_view_of_a_hidden_course_shows_the_rest_with_a_sentence(
    ada: Visitor, bo: Visitor
) -> None:
    view = saved(ada, course="py", module="loops", dates="2026-05")
    act(ada, view, "share")
    page = notes(bo, f"{VIEWS}/{view.pk}")

    assert "The view “Months” is of a course, run or module that does not exist or that you" in page
    assert "May 2026" in page
    # and it is not offered
    assert "Months" not in notes(bo, VIEWS)


def test_a_default_of_a_course_that_is_no_longer_granted_opens(bo: Visitor) -> None:
    view = saved(bo, course="sql")
    act(bo, view, "default")
    CourseGrant.objects.update(course=course("go"))

    assert "This page shows the rest of the view." in notes(bo, PAGE)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Months", "You already have a view “Months”. Choose another name."),
        ("  ", "Enter a name for the view."),
        ("x" * 61, "A name has at most 60 characters."),
    ],
)
def test_a_wrong_name_is_a_sentence_and_changes_nothing(
    ada: Visitor, name: str, sentence: str
) -> None:
    saved(ada)
    answer = ada.client.post(
        f"{VIEWS}/new", {"name": name, "tab": "outcome", "period": "week"}, follow=True
    )

    assert sentence in answer.content.decode()
    assert answer.redirect_chain == [(f"{PAGE}?period=week&tab=outcome", 302)]
    assert SavedView.objects.count() == 1


def test_a_person_has_at_most_fifty_views(ada: Visitor) -> None:
    SavedView.objects.bulk_create(
        SavedView(owner=User.objects.get(), name=str(at), tab="business", saved_at=NOW)
        for at in range(saving.MOST_VIEWS)
    )
    answer = ada.client.post(f"{VIEWS}/new", {"name": "More", "tab": "business"}, follow=True)

    assert "You have 50 saved views, the most possible." in answer.content.decode()
    assert SavedView.objects.count() == saving.MOST_VIEWS


@pytest.mark.parametrize("data", [{"name": "A", "tab": "nowhere"}, {"name": "A"}])
def test_an_unknown_tab_is_refused(ada: Visitor, data: dict[str, str]) -> None:
    assert ada.client.post(f"{VIEWS}/new", data).status_code == 400


def test_an_unknown_action_is_refused(ada: Visitor) -> None:
    assert act(ada, saved(ada), "publish") == 400
