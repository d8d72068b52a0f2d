#!/usr/bin/env bash
# SciPy 1.17.1: the distribution function of the noncentral t, scipy.stats.nct.cdf as well as
# scipy.special.nctdtr, answers NaN for some valid arguments where the probability is next to
# nothing, and a number near 0 for their neighbors. statsmodels passes it on: the two-sided power
# for a middling effect is NaN with 640 units per group, and 1 with 700.
#
# Seen: nct.cdf(-2, 1152, 8.5) is NaN, and nct.cdf(-2, 998, 8) is 5.7e-24. The integral of the
# normal distribution over the chi distribution is 4.8e-26 and 8.5e-24. statsmodels 0.15.0:
# TTestIndPower().power(0.5, nobs1=640, alpha=0.05) is NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  scipy==1.17.1 statsmodels==0.15.0

"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from math import isnan, sqrt

import scipy
import statsmodels
from scipy.integrate import quad
from scipy.special import nctdtr, ndtr
from scipy.stats import chi, nct
from statsmodels.stats.power import TTestIndPower


def exact(at, freedom, shift):
    """P(T <= at): given the chi variable, it is that of a normal variable."""

    def part(s):
        return ndtr(at * s / sqrt(freedom) - shift) * chi.pdf(s, freedom)

    middle = sqrt(freedom)
    return quad(part, max(middle - 12, 0), middle + 12, epsabs=0, epsrel=1e-9, limit=500)[0]


print("SciPy", scipy.__version__, "statsmodels", statsmodels.__version__)
for freedom, shift in ((998, 8.0), (1152, 8.5), (100, 9.0), (100, 10.0)):
    found, special = nct.cdf(-2, freedom, shift), nctdtr(freedom, shift, -2)
    right = exact(-2, freedom, shift)
    print(f"P(T <= -2), {freedom} degrees of freedom, shift {shift}:", end=" ")
    print(f"cdf {found:.3g}, nctdtr {special:.3g}; by integration {right:.3g}")
    assert 0 < right < 1e-20, right
    if shift in (8.5, 10.0):
        assert isnan(found) and isnan(special), (found, special)
    else:
        assert 0 < found < 1e-20, found
for units in (640, 700):
    power = TTestIndPower().power(0.5, nobs1=units, alpha=0.05)
    print(f"power for half a standard deviation, {units} units per group: {power}")
    assert isnan(power) == (units == 640), power
PYTHON
