from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import account
from curriculum.models import Course
from outcomes.models import Certificate, CommentAnalysis, SkillAssessment, Testimonial, Theme
from outcomes.tests.comments import TUTORS, VIDEOS, many, read, theme_of, wrote
from outcomes.tests.school import did, enrolled, school, skilled

pytestmark = pytest.mark.django_db

LISTS = ("certificate", "commentanalysis", "skillassessment", "testimonial", "theme", "topicrun")


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def active(who: str) -> None:
    """Give a learner a skill, a certificate and a comment."""
    enrolled(who)
    skilled(who, 0.9, "2026-01-10", skill=f"skill-{who}")
    did(who, "certificate.earned", "2026-01-20")
    wrote("Wonderful videos.", who, may_quote=True, language="en")
    read()
    response = CommentAnalysis.objects.get(response__enrollment__learner__key=who).response
    Testimonial.objects.create(
        response=response, text=response.comment, approved_at="2026-01-21T00:00Z"
    )
    Theme.objects.create(key=who, name=who, terms={who: 1.0}, kpi="outcome.satisfaction")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_needs_the_same_queries_for_many_rows_as_for_few(
    admin_client: Client, name: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert admin_client.get(f"/admin/outcomes/{name}/").status_code == 200
        return len(asked)

    # a filter is shown from two choices on
    active("ada")
    active("bo")
    few = queries()
    active("cleo")
    active("dan")

    assert queries() == few


@pytest.mark.parametrize("name", ["certificate", "commentanalysis", "skillassessment"])
def test_facts_cannot_be_edited(admin_client: Client, name: str) -> None:
    active("ada")
    model: dict[str, Any] = {
        "certificate": Certificate,
        "commentanalysis": CommentAnalysis,
        "skillassessment": SkillAssessment,
    }
    row = model[name].objects.get()

    assert admin_client.get(f"/admin/outcomes/{name}/add/").status_code == 403
    assert admin_client.post(f"/admin/outcomes/{name}/{row.pk}/delete/").status_code == 403


def chosen(*comments: CommentAnalysis) -> dict[str, object]:
    ids = [comment.pk for comment in comments]
    return {"action": "approve", "_selected_action": ids, "confirmed": "yes"}


def test_staff_can_approve_only_comments_with_consent(admin_client: Client) -> None:
    wrote("Lovely videos.", may_quote=True)
    wrote("Between us: lovely videos.")
    read()
    answer = admin_client.post(
        "/admin/outcomes/commentanalysis/", chosen(*CommentAnalysis.objects.all()), follow=True
    )

    assert list(Testimonial.objects.values_list("text", flat=True)) == ["Lovely videos."]
    assert Testimonial.objects.get().approved_by is not None
    assert b"did not agree to be quoted" in answer.content


def test_viewing_comments_does_not_allow_approving_them(client: Client) -> None:
    wrote("Lovely videos.", may_quote=True)
    read()
    bo = account("Bo", is_staff=True)
    bo.user_permissions.add(Permission.objects.get(codename="view_commentanalysis"))
    client.force_login(bo)
    client.post("/admin/outcomes/commentanalysis/", chosen(*CommentAnalysis.objects.all()))

    assert b"Lovely videos." in client.get("/admin/outcomes/commentanalysis/").content
    assert not Testimonial.objects.exists()


def edited(client: Client, theme: Theme, **fields: object) -> None:
    data = {"name": theme.name, "kpi": theme.kpi, "merged_into": theme.merged_into_id or ""}
    path = f"/admin/outcomes/theme/{theme.pk}/change/"
    answer = client.post(path, {**data, **fields})
    assert answer.status_code == 302, answer.context["adminform"].errors


def test_staff_rename_a_theme_and_choose_its_kpi(admin_client: Client) -> None:
    many()
    read()
    theme = theme_of(VIDEOS[0])
    assert theme is not None
    edited(admin_client, theme, name="Films", kpi="outcome.csat", is_pinned="on")
    theme.refresh_from_db()

    assert (theme.name, theme.kpi, theme.is_pinned) == ("Films", "outcome.csat", True)


def test_staff_merge_a_theme_and_undo_the_merge(admin_client: Client) -> None:
    many()
    read()
    video, tutor = theme_of(VIDEOS[0]), theme_of(TUTORS[0])
    assert video is not None
    assert tutor is not None
    edited(admin_client, video, merged_into=tutor.pk)
    assert theme_of(VIDEOS[0]) == tutor

    video.refresh_from_db()
    edited(admin_client, video, merged_into="")
    read()
    assert theme_of(VIDEOS[0]) == video


def test_chosen_themes_are_merged_into_the_largest(admin_client: Client) -> None:
    many()
    wrote(TUTORS[0])
    read()
    video, tutor = theme_of(VIDEOS[0]), theme_of(TUTORS[0])
    assert video is not None
    assert tutor is not None
    data = {"action": "merge_chosen", "_selected_action": [video.pk, tutor.pk]}
    data |= {"confirmed": "yes"}
    admin_client.post("/admin/outcomes/theme/", data)

    assert theme_of(VIDEOS[0]) == theme_of(TUTORS[0]) == tutor
