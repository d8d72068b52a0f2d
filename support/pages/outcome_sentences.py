"""What became of contacted learners, in sentences."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_lazy

from core import localized
from core.lazy_text import LazyText
from support.following import FOLLOWED_DAYS
from support.outcomes import Comparison, Outcomes
from support.pages.cards import percent

CAME_BACK: LazyText = gettext_lazy(
    "%(done)s of %(contacted)s contacted learners (%(share)s) were active within %(days)s days; of "
    "similar learners who were not contacted, %(similar_share)s."
)
CAUGHT_UP: LazyText = gettext_lazy(
    "%(done)s of %(contacted)s who were behind (%(share)s) had caught up %(days)s days later; of "
    "similar learners who were not contacted, %(similar_share)s."
)
FINISHED: LazyText = gettext_lazy(
    "%(done)s of %(contacted)s whose course is over (%(share)s) finished in time; of similar "
    "learners who were not contacted, %(similar_share)s."
)


def sentences(found: Outcomes) -> list[str]:
    """Return what can be compared; nothing about groups that are too small."""
    pairs = (
        (CAME_BACK, found.came_back), (CAUGHT_UP, found.caught_up), (FINISHED, found.finished)
    )  # fmt: skip
    return [_sentence(text, one) for text, one in pairs if one.is_shown]


def summary(found: Outcomes) -> str:
    if not found.contacts:
        return gettext("Nobody was contacted in the last year.")
    if not sentences(found):
        return gettext("Too few contacts have been followed for a comparison.")
    return ""


def _sentence(text: LazyText, one: Comparison) -> str:
    return str(text) % {
        "done": localized.number(one.done),
        "contacted": localized.number(one.contacted),
        "share": percent(one.share),
        "similar_share": percent(one.similar_share),
        "days": FOLLOWED_DAYS,
    }
