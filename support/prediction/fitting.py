"""Fit the formula of the chance of not finishing. No Django here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from support.prediction.examples import Examples
from support.prediction.formula import (
    Formula,
    calibration_terms,
    inputs_of,
    terms,
)
from support.prediction.histories import Bools, Floats, Ints

FOLDS = 5
# the inverse strength of the ridge penalty: weights stay small unless many examples ask for more
PENALTY = 0.01
# learners by which a course's own share of those who did not finish is drawn to that of the site
USUAL_LEARNERS = 50
NOTHING_YET = np.zeros(0)
UNCALIBRATED = np.array([0, 0, 0, 0, 1, 0, 0, 0], float)


def fit(examples: Examples) -> Formula:
    """Fit on all examples, and calibrate on what fits without a learner's own cohort say.

    A formula is too sure of what it has seen, above all of runs and courses that it has seen. With
    one cohort only, learners take the place of cohorts.
    """
    groups = examples.cohort if len(np.unique(examples.cohort)) > 1 else examples.learner
    courses, site = _log_odds_by_course(examples)
    bare = Formula(courses, site, NOTHING_YET, NOTHING_YET, NOTHING_YET, UNCALIBRATED)
    score = _scores_of_unseen(examples, groups, bare)
    score_terms = calibration_terms(score, examples.standings.share_elapsed)
    calibration = _logistic(score_terms, examples.is_unfinished, penalty=1.0)
    return replace(_with_weights(bare, examples), calibration=calibration)


def _scores_of_unseen(examples: Examples, groups: Ints, bare: Formula) -> Floats:
    score = np.zeros(len(examples))
    folds = GroupKFold(min(FOLDS, len(np.unique(groups))))
    for seen, unseen in folds.split(groups, groups=groups):
        others = examples[unseen]
        score[unseen] = _with_weights(bare, examples[seen]).scores(others.standings, others.course)
    return score


def _with_weights(bare: Formula, examples: Examples) -> Formula:
    inputs = inputs_of(examples.standings, bare.log_odds_of(examples.course))
    means, scales = inputs.mean(axis=0), inputs.std(axis=0)
    scales[scales < 1e-9] = 1.0
    columns = terms(inputs, examples.standings.share_elapsed, means, scales)
    weights = _logistic(columns, examples.is_unfinished, penalty=PENALTY)
    return replace(bare, means=means, scales=scales, weights=weights)


def _log_odds_by_course(examples: Examples) -> tuple[dict[int, float], float]:
    """Return how likely it was in each course not to finish, and on the whole site."""
    _, first = np.unique(examples.enrollment, return_index=True)
    outcome, course = examples.is_unfinished[first], examples.course[first]
    site = (outcome.sum() + 1) / (len(outcome) + 2)
    found = {}
    for one in np.unique(course).tolist():
        own = outcome[course == one]
        found[one] = _log_odds((own.sum() + site * USUAL_LEARNERS) / (len(own) + USUAL_LEARNERS))
    return found, _log_odds(site)


def _log_odds(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _logistic(columns: Floats, outcome: Bools, *, penalty: float) -> Floats:
    if len(np.unique(outcome)) < 2:
        return np.zeros(columns.shape[1])
    model = LogisticRegression(C=penalty, max_iter=300, tol=1e-3).fit(columns, outcome)
    weights = np.array(model.coef_[0], float)
    # the first column is constant
    weights[0] += model.intercept_[0]
    return weights
