"""What other statistics packages and publications say, and what the product computes instead.

docs/experiment-statistics.md shows this table; a test compares it with the code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from experiments.statistics import (
    ArmSums,
    Cluster,
    Design,
    Kind,
    MeanBaseline,
    ShareBaseline,
    achieved_power,
    compare,
    design_effect,
    detectable_effect,
    holm,
    intraclass_correlation,
    planned_units,
    sample_ratio,
)
from experiments.statistics.relative import of_scores
from experiments.statistics.shares import Share, newcombe, quantile, score, score_p
from experiments.tests.statistics.samples import arm, share

Numbers = float | None


@dataclass(frozen=True)
class Known:
    """An answer that somebody else published, to as many digits as it was published with."""

    source: str
    example: str
    answer: tuple[str, ...]
    computed: Callable[[], tuple[Numbers, ...]]


def _newcombe(y: int, m: int, x: int, n: int) -> Callable[[], tuple[Numbers, ...]]:
    return lambda: newcombe(Share(x, n), Share(y, m), quantile(0.95))


def _example() -> tuple[Numbers, ...]:
    found = compare(share(1, 20), share(6, 20), Kind.SHARE)
    return found.low, found.high, found.p


def _mee(y: int, m: int, x: int, n: int) -> Callable[[], tuple[Numbers, ...]]:
    return lambda: score(Share(x, n), Share(y, m), quantile(0.95))


def _koopman() -> tuple[Numbers, ...]:
    found = of_scores(Share(16, 80), Share(36, 40), quantile(0.95))
    assert found
    assert found.low is not None
    assert found.high is not None
    return found.low + 1, found.high + 1


SLEEP = (
    arm([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]),
    arm([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]),
)


def _sleep() -> tuple[Numbers, ...]:
    found = compare(*SLEEP, Kind.MEAN)
    return found.low, found.high, found.degrees_of_freedom, found.p


def _judges() -> tuple[Numbers, ...]:
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    clusters = [Cluster(len(one), sum(one), sum(y * y for y in one)) for one in ratings]
    return (intraclass_correlation(clusters),)


def _physicians() -> tuple[Numbers, ...]:
    placebo, aspirin = (ArmSums(n, y, n, y, n, y) for y, n in ((189, 11034), (104, 11037)))
    found = compare(placebo, aspirin, Kind.SHARE)
    return found.effect, found.p


NEWCOMBE = "Newcombe (1998), table II"
T_TEST = MeanBaseline(variance=1.0)

KNOWN = (
    Known("The example above", "6/20 − 1/20: interval, p", ("0.008", "0.473", "0.043"), _example),
    Known(
        f"{NEWCOMBE}, method 10", "56/70 − 48/80", ("0.0524", "0.3339"), _newcombe(56, 70, 48, 80)
    ),
    Known(f"{NEWCOMBE}, method 10", "9/10 − 3/10", ("0.1705", "0.8090"), _newcombe(9, 10, 3, 10)),
    Known(f"{NEWCOMBE}, method 10", "6/7 − 2/7", ("0.0582", "0.8062"), _newcombe(6, 7, 2, 7)),
    Known(f"{NEWCOMBE}, method 10", "5/56 − 0/29", ("-0.0381", "0.1926"), _newcombe(5, 56, 0, 29)),
    Known(f"{NEWCOMBE}, method 10", "0/10 − 0/20", ("-0.1611", "0.2775"), _newcombe(0, 10, 0, 20)),
    Known(f"{NEWCOMBE}, method 10", "0/10 − 0/10", ("-0.2775", "0.2775"), _newcombe(0, 10, 0, 10)),
    Known(f"{NEWCOMBE}, method 10", "10/10 − 0/20", ("0.6791", "1.0000"), _newcombe(10, 10, 0, 20)),
    Known(f"{NEWCOMBE}, method 10", "10/10 − 0/10", ("0.6075", "1.0000"), _newcombe(10, 10, 0, 10)),
    Known(f"{NEWCOMBE}, method 5", "56/70 − 48/80", ("0.0533", "0.3377"), _mee(56, 70, 48, 80)),
    Known(f"{NEWCOMBE}, method 5", "9/10 − 3/10", ("0.1821", "0.8370"), _mee(9, 10, 3, 10)),
    Known("Koopman (1984)", "36/40 ÷ 16/80", ("2.94", "7.15"), _koopman),
    Known(
        "R, prop.test(c(15, 25), c(50, 50), correct = FALSE)",
        "p",
        ("0.04123",),
        lambda: (score_p(Share(15, 50), Share(25, 50)),),
    ),
    Known(
        "Physicians' Health Study (NEJM 1989)", "effect, p", ("-0.0077", "0.0000006"), _physicians
    ),
    Known(
        "R, t.test(extra ~ group, data = sleep), sign reversed",
        "interval, df, p",
        ("-0.2054832", "3.3654832", "17.776", "0.07939"),
        _sleep,
    ),
    Known(
        "R, power.prop.test(n = 50, p1 = .50, p2 = .75)",
        "power",
        ("0.7401659",),
        lambda: (achieved_power(ShareBaseline(0.5), 0.25, 50),),
    ),
    Known(
        "R, power.prop.test(p1 = .50, p2 = .75, power = .90)",
        "n",
        ("76.7",),
        lambda: (planned_units(ShareBaseline(0.5), 0.25, Design(power=0.9)),),
    ),
    Known(
        "R, power.prop.test(p1 = .5, n = 50, power = .90)",
        "p2 − p1",
        ("0.3026",),
        lambda: (detectable_effect(ShareBaseline(0.5), 50, Design(power=0.9)),),
    ),
    Known(
        "R, power.t.test(n = 20, delta = 1, sd = 1)",
        "power",
        ("0.8689528",),
        lambda: (achieved_power(T_TEST, 1, 20),),
    ),
    Known(
        "R, power.t.test(power = .90, delta = 1)",
        "n",
        ("22.02110",),
        lambda: (planned_units(T_TEST, 1, Design(power=0.9)),),
    ),
    Known(
        "R, chisq.test(c(89,37,30,28,2), p = c(40,20,20,15,5), rescale.p = TRUE)",
        "p",
        ("0.04059",),
        lambda: (sample_ratio([89, 37, 30, 28, 2], [40, 20, 20, 15, 5]),),
    ),
    Known(
        'R, p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm")',
        "p",
        ("0.04", "0.06", "0.06", "0.06"),
        lambda: tuple(holm([0.01, 0.02, 0.03, 0.04])),
    ),
    Known("Shrout and Fleiss (1979), ICC(1, 1)", "6 targets of 4 judges", ("0.17",), _judges),
    Known("Kish (1965)", "m = 20, ρ = 0.05", ("1.95",), lambda: (design_effect(20, 0.05),)),
)
