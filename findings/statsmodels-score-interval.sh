#!/usr/bin/env bash
# statsmodels 0.15.0: the score interval of the difference of two proportions is not the one of
# Miettinen and Nurminen, from whom its documentation has it. The restricted proportions do not
# maximize the likelihood: score_test_proportions_2indep has count0 * diff in a coefficient of the
# cubic equation where Miettinen and Nurminen (Statistics in Medicine 4, 1985, 213-226) have the size
# of the group times the difference. Its p-value for differences other than 0 is wrong likewise.
#
# Seen: 22 of 24 against 78 of 242, without correction. It ends at 0.747; the likelihood, maximized
# numerically, gives 0.684. There, the p-value of statsmodels is 0.29, not 0.05. For 10 of 10
# against 5 of 10 it raises ValueError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  statsmodels==0.15.0 scipy==1.17.1

"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from math import log, sqrt

import scipy
import statsmodels
from scipy.optimize import brentq, minimize_scalar
from statsmodels.stats.proportion import confint_proportions_2indep, test_proportions_2indep

Y, M, X, N = 22, 24, 78, 242


def statistic(difference):
    """The score statistic, with the most likely proportions that differ by this much."""

    def surprise(p):
        q = p + difference
        return -(X * log(p) + (N - X) * log(1 - p) + Y * log(q) + (M - Y) * log(1 - q))

    bounds = max(0, -difference) + 1e-12, min(1, 1 - difference) - 1e-12
    p = minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x
    q = p + difference
    return (Y / M - X / N - difference) / sqrt(p * (1 - p) / N + q * (1 - q) / M)


print("statsmodels", statsmodels.__version__, "SciPy", scipy.__version__)
exact = brentq(lambda at: statistic(at) + 1.959963984540054, Y / M - X / N, 0.9)
found = confint_proportions_2indep(Y, M, X, N, method="score", compare="diff", correction=False)
test = test_proportions_2indep(
    Y, M, X, N, value=exact, method="score", compare="diff", correction=False
)
print(f"upper end: {found[1]:.4f}, with the likelihood maximized: {exact:.4f}")
print(f"p-value at {exact:.4f}: {test.pvalue:.4f}")
assert abs(found[1] - 0.7472) < 0.001 and abs(exact - 0.6836) < 0.001, (found, exact)
assert abs(test.pvalue - 0.2926) < 0.001, test.pvalue
try:
    confint_proportions_2indep(10, 10, 5, 10, method="score", compare="diff", correction=False)
except ValueError as error:
    print("10 of 10 against 5 of 10:", error)
else:
    raise AssertionError("10 of 10 against 5 of 10 has an interval")
PYTHON
