"""What comments are about: topics as weighted words. No Django here."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from math import sqrt

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer

Terms = Mapping[str, float]

MOST_TERMS = 25
MOST_TOPICS = 12
COMMENTS_PER_TOPIC = 25
# below it a comment is about none of the themes
WEAKEST = 0.1
# two topics that resemble each other so much are the same theme
ALIKE = 0.3


def number_of_topics(comments: int) -> int:
    return max(3, min(MOST_TOPICS, comments // COMMENTS_PER_TOPIC))


def find(comments: Sequence[Sequence[str]]) -> list[Terms]:
    """The topics of these comments (as words), the largest first; the same again for the same.

    Non-negative matrix factorisation of their TF-IDF (Lee and Seung 1999). Empty where too few
    words recur.
    """
    vectors = TfidfVectorizer(analyzer=_as_it_is, min_df=2, max_df=0.5, sublinear_tf=True)
    try:
        weights = vectors.fit_transform(comments)
    except ValueError:
        # no word is in two comments
        return []
    count = min(number_of_topics(len(comments)), *weights.shape)
    model = NMF(count, init="nndsvda", random_state=0, max_iter=600)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        shares = model.fit_transform(weights)
    names = vectors.get_feature_names_out()
    order = np.argsort(-shares.sum(axis=0), kind="stable")
    return [terms for at in order if (terms := _strongest(model.components_[at], names))]


def _as_it_is(words: Sequence[str]) -> Sequence[str]:
    return words


def _strongest(row: Sequence[float], names: Sequence[str]) -> dict[str, float]:
    """The words of a topic by falling weight, as a vector of length 1."""
    order = np.argsort(-np.asarray(row), kind="stable")[:MOST_TERMS]
    found = {str(names[at]): float(row[at]) for at in order if row[at] > 0}
    length = sqrt(sum(weight**2 for weight in found.values()))
    return {name: round(weight / length, 4) for name, weight in found.items()} if length else {}


def fit(words: Collection[str], terms: Terms) -> float:
    """How much a comment is about a topic, 0 to 1: the cosine of its words and the terms."""
    said = set(words)
    return sum(terms.get(word, 0.0) for word in said) / sqrt(len(said)) if said else 0.0


def likeness(one: Terms, other: Terms) -> float:
    """The cosine of two topics, 0 to 1."""
    lengths = sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))
    return sum(w * other.get(name, 0.0) for name, w in one.items()) / lengths if lengths else 0.0


def pairs(old: Sequence[Terms], new: Sequence[Terms]) -> dict[int, int]:
    """Which old topic each new one is (new place: old place), where they are enough alike."""
    if not old or not new:
        return {}
    alike = np.array([[likeness(one, other) for one in old] for other in new])
    rows, columns = linear_sum_assignment(-alike)
    found = zip(rows.tolist(), columns.tolist(), strict=True)
    return {at: before for at, before in found if alike[at, before] >= ALIKE}
