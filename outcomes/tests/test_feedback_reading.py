"""The language, sentiment and subject of a comment."""

from __future__ import annotations

import pytest

from outcomes.feedback import language, sentiment, theme_names, topics
from outcomes.feedback.keywords import pattern_of, words_of
from outcomes.models import CommentAnalysis

pytestmark = pytest.mark.once

Mood = CommentAnalysis.Mood


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The exercises were close to what I do at work.", "en"),
        ("Great!", "en"),
        ("Too long.", "en"),
        ("Excellent tutor", "en"),
        ("Sehr gut erklärt und genau das richtige Tempo neben der Arbeit.", "de"),
        ("Los ejercicios son muy prácticos.", "es"),
        ("Très bon cours, merci beaucoup !", "fr"),
        ("とても良いコースでした", "ja"),
        ("12345 !!!", ""),
    ],
)
def test_the_language_of_a_comment_is_detected(text: str, code: str) -> None:
    assert language.detect(text) == code


@pytest.mark.parametrize(
    ("reported", "code"),
    [("de-AT", "de"), ("pt_BR", "pt"), ("eng", "en"), ("ger", "de"), ("fra", "fr"), ("hbs", "sr")],
)
def test_a_reported_language_is_stored_as_its_shortest_code(reported: str, code: str) -> None:
    assert language.detect("Super!", reported=reported) == code


def test_an_unknown_reported_language_is_ignored() -> None:
    assert language.detect("The videos were very clear and helpful.", reported="xx") == "en"


@pytest.mark.parametrize(
    ("csat", "nps", "value"),
    # (csat − 3) ÷ 2; (nps − 7.5) ÷ 2.5, at least −1; the CSAT first
    [
        *((5, None, 1), (3, None, 0), (2, None, -0.5), (1, 10, -1)),
        *((None, 10, 1), (None, 8, 0.2), (None, 0, -1), (None, None, None)),
    ],
)
def test_ratings_are_mapped_to_sentiments(
    csat: int | None, nps: int | None, value: float | None
) -> None:
    assert sentiment.of_rating(csat, nps) == value


def test_a_rating_takes_precedence_over_words() -> None:
    said = sentiment.of_comment("This was a terrible, horrible experience.", csat=5, nps=None)

    assert said == (1, Mood.POSITIVE, True)


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("I love it, brilliant explanations!", Mood.POSITIVE),
        ("Terrible sound and horrible support.", Mood.NEGATIVE),
        ("The second module has four videos.", Mood.UNCLEAR),
    ],
)
def test_words_are_used_without_a_rating(text: str, mood: str) -> None:
    value, found, is_rated = sentiment.of_comment(text, csat=None, nps=None)

    assert (found, is_rated, value is None) == (mood, False, mood == Mood.UNCLEAR)


@pytest.mark.parametrize(("nps", "mood"), [(9, Mood.POSITIVE), (7, Mood.NEUTRAL), (6, "negative")])
def test_promoters_passives_and_detractors_have_different_moods(nps: int, mood: str) -> None:
    assert sentiment.of_comment("", csat=None, nps=nps)[1] == mood


def test_only_subject_words_are_kept() -> None:
    text = "I really loved the Exercises and quizzes in Data Cleaning!"

    assert words_of(text, names=pattern_of(["Data cleaning", "Quizzes"])) == ["exercise", "quiz"]


def test_comments_with_shared_words_form_topics() -> None:
    comments = [["video", "sound"], ["tutor", "feedback"], ["quiz", "question"]] * 10
    found = topics.find_topics(comments)

    assert {frozenset(terms) for terms in found} == {frozenset(words) for words in comments}
    assert topics.find_topics(comments) == found


def test_there_are_no_topics_without_recurring_words() -> None:
    assert topics.find_topics([["one"], ["two"], []]) == []


def test_topics_are_matched_by_their_words() -> None:
    old = [{"video": 0.8, "sound": 0.6}, {"tutor": 1.0}]
    new = [{"price": 1.0}, {"tutor": 0.9, "feedback": 0.4}, {"video": 1.0}]

    assert topics.match(old, new) == {1: 1, 2: 0}


def test_names_are_unique() -> None:
    terms = {"tutor": 0.7, "feedback": 0.6, "day": 0.1}

    assert theme_names.name_for(terms, ()) == "Tutor, feedback"
    assert theme_names.name_for(terms, {"Tutor, feedback"}) == "Tutor, feedback, day"
    taken = {"Tutor, feedback", "Tutor, feedback, day"}
    assert theme_names.name_for(terms, taken) == "Tutor, feedback 2"


def test_the_suggested_kpi_shares_words_with_the_theme() -> None:
    assert theme_names.kpi_for({"deadline": 0.8, "job": 0.3}) == "engagement.progress-velocity"
    assert theme_names.kpi_for({"coffee": 0.99, "colleague": 0.1}) == "outcome.satisfaction"
