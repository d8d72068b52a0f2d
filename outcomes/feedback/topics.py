"""Find topics in comments, as weighted words. This module does not use Django."""

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

MAX_TERMS = 25
MAX_TOPICS = 12
COMMENTS_PER_TOPIC = 25
# a comment with a lower fit belongs to no theme
MIN_FIT = 0.1
# topics with at least this similarity are the same theme
MIN_SIMILARITY = 0.3


def number_of_topics(comments: int) -> int:
    return max(3, min(MAX_TOPICS, comments // COMMENTS_PER_TOPIC))


def find_topics(comments: Sequence[Sequence[str]]) -> list[Terms]:
    """Find the topics of comments given as words, the largest first; the result is deterministic.

    Uses non-negative matrix factorization of their TF-IDF (Lee and Seung 1999). Empty if too few
    words recur.
    """
    vectors = TfidfVectorizer(analyzer=_unchanged, min_df=2, max_df=0.5, sublinear_tf=True)
    try:
        weights = vectors.fit_transform(comments)
    except ValueError:
        # no word occurs in two comments
        return []
    count = min(number_of_topics(len(comments)), *weights.shape)
    model = NMF(count, init="nndsvda", random_state=0, max_iter=600)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        shares = model.fit_transform(weights)
    names = vectors.get_feature_names_out()
    order = np.argsort(-shares.sum(axis=0), kind="stable")
    return [terms for at in order if (terms := _strongest(model.components_[at], names))]


def _unchanged(words: Sequence[str]) -> Sequence[str]:
    return words


def _strongest(row: Sequence[float], names: Sequence[str]) -> dict[str, float]:
    """The words of a topic by descending weight, scaled to a vector of length 1."""
    order = np.argsort(-np.asarray(row), kind="stable")[:MAX_TERMS]
    found = {str(names[at]): float(row[at]) for at in order if row[at] > 0}
    length = sqrt(sum(weight**2 for weight in found.values()))
    return {name: round(weight / length, 4) for name, weight in found.items()} if length else {}


def fit(words: Collection[str], terms: Terms) -> float:
    """How well a comment fits a topic, from 0 to 1: the cosine of its words and the terms."""
    distinct = set(words)
    weight = sum(terms.get(word, 0.0) for word in distinct)
    return weight / sqrt(len(distinct)) if distinct else 0.0


def similarity(one: Terms, other: Terms) -> float:
    """The cosine of two topics, from 0 to 1."""
    lengths = sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))
    return sum(w * other.get(name, 0.0) for name, w in one.items()) / lengths if lengths else 0.0


def match(old: Sequence[Terms], new: Sequence[Terms]) -> dict[int, int]:
    """Match each new topic to the old one it resembles, as indexes (new: old)."""
    if not old or not new:
        return {}
    similarities = np.array([[similarity(one, other) for one in old] for other in new])
    rows, columns = linear_sum_assignment(-similarities)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {at: before for at, before in pairs if similarities[at, before] >= MIN_SIMILARITY}
