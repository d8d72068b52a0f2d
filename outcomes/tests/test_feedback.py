"""Themes of comments: finding, keeping, merging and showing them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.tests.people import account
from curriculum.models import Course
from intake import replay
from kpis.recompute.recompute_stale import recompute_stale
from outcomes import tasks
from outcomes.feedback import pending_comments, theme_actions
from outcomes.feedback.summary import Feedback
from outcomes.models import CommentAnalysis, Response, Testimonial, Theme, TopicRun
from outcomes.sections.feedback import comment_counts, signed
from outcomes.tests.comments import QUIZZES, TUTORS, VIDEOS, many, read, theme_of, wrote
from outcomes.tests.school import enrolled, period, rows_of, school, table

pytestmark = pytest.mark.django_db

JANUARY = "2026-01-31"
URL = "/api/kpi/outcome/feedback?from=2026-01-01&to=2026-01-31"


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def reader(**fields: Any) -> Client:
    client = Client()
    client.force_login(account("Ada", is_staff=True, **fields))
    return client


def small(client: Client) -> Client:
    """Give the signed-in account the permission to see small groups."""
    client.force_login(account("Bo", is_staff=True, is_superuser=True))
    return client


def test_comments_of_three_subjects_have_three_themes() -> None:
    many()

    assert read() == 36
    found = [theme_of(texts[0]) for texts in (VIDEOS, TUTORS, QUIZZES)]
    assert len({theme.pk for theme in found if theme}) == 3
    assert found[0] is not None
    assert "video" in found[0].key


def test_few_comments_have_no_themes_yet() -> None:
    many(times=9)
    read()

    assert (CommentAnalysis.objects.count(), Theme.objects.count()) == (27, 0)
    assert not pending_comments.exist()


def test_only_new_comments_are_analyzed() -> None:
    many()
    read()
    wrote("Captions in every video, good sound.")

    assert (read(), read()) == (1, 0)
    assert theme_of("Captions in every video, good sound.") == theme_of(VIDEOS[1])


def test_themes_are_searched_again_after_enough_new_comments() -> None:
    many()
    read()
    many(times=6)
    read()
    assert TopicRun.objects.count() == 1

    many(times=1)
    read()
    assert TopicRun.objects.count() == 2


def test_a_new_search_keeps_the_names_of_themes() -> None:
    many()
    read()
    video = theme_of(VIDEOS[0])
    assert video is not None
    Theme.objects.filter(pk=video.pk).update(name="Our films")
    many(times=20)
    read()

    assert str(theme_of(VIDEOS[0])) == "Our films"
    assert Theme.objects.in_use().count() == 3


def test_a_theme_without_comments_is_retired_unless_pinned() -> None:
    for name, is_pinned in (("Parking", True), ("Coffee", False)):
        Theme.objects.create(
            key=name.lower(), name=name, terms={name.lower(): 1.0}, is_pinned=is_pinned
        )
    many()
    read()

    assert Theme.objects.in_use().filter(name="Parking").exists()
    assert Theme.objects.get(name="Coffee").retired_at is not None


def test_a_merged_theme_stays_merged() -> None:
    many()
    read()
    video, tutor = theme_of(VIDEOS[0]), theme_of(TUTORS[0])
    assert video is not None
    assert tutor is not None
    theme_actions.merge(video, tutor)
    assert theme_of(VIDEOS[0]) == tutor

    many(times=20)
    read()
    assert theme_of(VIDEOS[0]) == tutor
    assert theme_of(TUTORS[0]) == tutor


def test_undoing_a_merge_gives_the_theme_its_comments_back() -> None:
    many()
    read()
    video, tutor = theme_of(VIDEOS[0]), theme_of(TUTORS[0])
    assert video is not None
    assert tutor is not None
    theme_actions.merge(video, tutor)
    theme_actions.undo_merge(video)
    read()

    assert theme_of(VIDEOS[0]) == video
    assert theme_of(TUTORS[0]) == tutor


def test_a_theme_cannot_be_merged_into_itself() -> None:
    one = Theme.objects.create(key="one", name="One")
    two = Theme.objects.create(key="two", name="Two")
    theme_actions.merge(two, one)

    for into in (one, two):
        with pytest.raises(ValidationError, match="merged into itself"):
            theme_actions.merge(one, into)


def test_a_changed_comment_is_analyzed_again() -> None:
    who = wrote("The videos are wonderful.", csat=5)
    read()
    wrote("The tutors are never there.", who, at="2026-01-22", csat=1)

    assert read() == 1
    remark = CommentAnalysis.objects.get()
    assert (remark.text, remark.mood) == ("The tutors are never there.", "negative")


def test_the_analysis_of_a_removed_comment_is_deleted() -> None:
    who = wrote("The videos are wonderful.")
    read()
    wrote("", who, at="2026-01-22", nps=9)
    read()

    assert not CommentAnalysis.objects.exists()


def test_other_languages_are_counted_and_not_scored() -> None:
    wrote("Sehr gut erklärt und genau das richtige Tempo neben der Arbeit.", csat=5)
    wrote("The videos are wonderful.", csat=5)
    read()
    german = CommentAnalysis.objects.get(language="de")

    assert (german.mood, german.sentiment, german.theme) == ("skipped", None, None)
    found = table("satisfaction", "languages", JANUARY)
    assert rows_of(found, "language", "comments") == [("de", 1), ("en", 1)]


def test_a_replay_keeps_themes_and_testimonials() -> None:
    who = wrote("The videos are wonderful.", may_quote=True)
    theme_actions.approve(Response.objects.get(enrollment__learner__key=who), by=account("Bo"))
    replay.replay_events()

    assert Testimonial.objects.shown().count() == 1


def test_themes_by_period_add_up() -> None:
    many(csat=5)
    wrote("Xylophones zigzag.", csat=1, language="en")
    wrote("It has four parts.", language="en")
    read()
    found = rows_of(
        table("satisfaction", "themes", JANUARY), "comments", "share", "sentiment", "unsure"
    )

    # 12 on each of three subjects rated 5, and two on none: rated 1, and unsure
    share = pytest.approx(12 / 38)
    assert found == [(12, share, 1, 0)] * 3 + [(2, pytest.approx(2 / 38), -1, 1)]


def test_the_api_returns_themes_with_trend_and_quotations() -> None:
    many(times=6)
    many(times=12, at="2026-02-20")
    for text in VIDEOS * 3:
        wrote(text, at="2026-02-20", may_quote=True, csat=5)
    read()
    body = small(Client()).get("/api/kpi/outcome/feedback?from=2026-02-01&to=2026-02-28").json()
    first = body["themes"][0]

    # 24 of 48 after 6 of 18: 50% − 33.3%
    assert (first["comments"], first["share"]) == (24, 50)
    assert first["trend"] == pytest.approx(16.6667)
    assert set(first["quotations"]) <= set(VIDEOS)
    assert len(first["quotations"]) == 3
    assert first["kpi"] == "engagement.depth"
    assert body["comments"] == 48


def test_only_learners_who_agreed_are_quoted() -> None:
    many()
    read()
    body = small(Client()).get(URL).json()

    assert [one["quotations"] for one in body["themes"]] == [[]] * 3


def test_small_themes_are_hidden_without_the_permission() -> None:
    many(times=12, nps=9)
    wrote("Xylophones zigzag.", may_quote=True, nps=9, language="en")
    read()
    recompute_stale()
    body = reader().get(URL).json()
    shown = [one for one in body["themes"] if "status" not in one]
    hidden = [one for one in body["themes"] if one.get("status") == "suppressed"]

    # the one comment on nothing goes, and with it the smallest theme, from which it would follow
    assert (len(shown), len(hidden)) == (2, 2)
    assert {one["comments"] for one in hidden} == {None}
    assert [one["quotations"] for one in hidden] == [[], []]


def test_the_csv_has_a_row_per_theme() -> None:
    many()
    read()
    lines = small(Client()).get(f"{URL}&format=csv").content.decode().splitlines()

    assert lines[0].startswith("key,theme,kpi,comments,share,trend,sentiment,unsure")
    assert len(lines) == 4


def test_a_comment_without_consent_is_never_a_testimonial() -> None:
    who = wrote("The videos are wonderful.")
    response = Response.objects.get(enrollment__learner__key=who)

    with pytest.raises(ValidationError, match="did not agree"):
        theme_actions.approve(response, by=account("Bo"))
    assert not Testimonial.objects.exists()


def test_a_testimonial_disappears_with_its_consent_or_words() -> None:
    for number, (text, may_quote) in enumerate((("Other words.", True), ("Lovely.", False))):
        who = f"ada{number}"
        enrolled(who)
        wrote("Lovely.", who, may_quote=True)
        theme_actions.approve(Response.objects.get(enrollment__learner__key=who), by=account(who))
        wrote(text, who, at="2026-01-22", may_quote=may_quote)

    assert Testimonial.objects.count() == 2
    assert not Testimonial.objects.shown().exists()


def test_the_api_returns_testimonials_of_visible_courses(python: Course) -> None:
    other = school("db")
    who = wrote("Lovely.", may_quote=True)
    theme_actions.approve(Response.objects.get(enrollment__learner__key=who), by=account("Bo"))
    told = {}
    for name, course in (("Cleo", python), ("Dan", other)):
        client = Client()
        client.force_login(account(name, grants=(course,)))
        told[name] = [one["text"] for one in client.get(URL).json()["testimonials"]]

    assert told == {"Cleo": ["Lovely."], "Dan": []}


def test_the_task_analyzes_pending_comments() -> None:
    wrote("The videos are wonderful.")
    tasks.read_feedback()

    assert CommentAnalysis.objects.get().language == "en"


def test_the_tab_shows_themes_and_testimonials() -> None:
    many(times=12, nps=9, may_quote=True)
    response = Response.objects.filter(comment=VIDEOS[0]).first()
    assert response is not None
    theme_actions.approve(response, by=account("Cleo"))
    read()
    recompute_stale()
    page = small(Client()).get("/kpi-dashboard?tab=outcome&to=2026-01-31&from=2026-01-01")
    text = page.content.decode()

    assert "What learners write about" in text
    assert "36 comments in English" in text
    assert f"<blockquote>{VIDEOS[0]}</blockquote>" in text
    assert "Testimonials" in text


def test_later_testimonials_are_not_shown() -> None:
    many(times=12, nps=9, may_quote=True)
    for at, comment in (("2026-01-20", "Well paced."), ("2026-02-20", "Hands-on.")):
        wrote(comment, at=at, may_quote=True)
        theme_actions.approve(Response.objects.get(comment=comment), by=account(f"Cleo-{at}"))
    recompute_stale()
    page = small(Client()).get("/kpi-dashboard?tab=outcome&to=2026-01-31").content.decode()

    assert "Well paced." in page
    assert "Hands-on." not in page


def test_hidden_themes_stay_on_the_tab() -> None:
    many(times=12, nps=9)
    wrote("Xylophones zigzag.", nps=9, language="en")
    read()
    recompute_stale()
    page = reader().get("/kpi-dashboard?tab=outcome&to=2026-01-31&from=2026-01-01")

    assert "Other comments</th>" in page.content.decode()


def test_a_hidden_number_of_comments_is_not_shown_as_0() -> None:
    hidden = {"language": "en", "is_hidden": True}
    german = {"language": "de", "comments": 12}
    told = Feedback(period(JANUARY), [], [hidden, german], [])

    assert comment_counts(told) == (
        "The number of comments in English is hidden. Not analyzed: German (12)."
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [(7.94, "+7.9"), (-1.0, "−1.0"), (0.0, "0.0"), (-0.04, "0.0")],
)
def test_a_number_that_rounds_to_0_has_no_sign(number: float, text: str) -> None:
    assert signed(number, places=1) == text
