"""Find the views that somebody may open, and what they show to this reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from accounts.models import User
from accounts.reader import Reader
from curriculum.models import Course
from dashboard.models import SavedView
from presentation.categories import CATEGORIES
from presentation.filters import read as read_filters

PLACES = {"course", "run", "module"}
MOST_SHARED = 200


@dataclass(frozen=True)
class OpenedView:
    """The address that shows a view; `note` says what of it is left out, if anything is."""

    url: str
    note: str = ""


def views_for(user: User) -> QuerySet[SavedView]:
    """The person's own views and those that others share."""
    return SavedView.objects.filter(Q(owner=user) | Q(is_shared=True)).select_related("owner")


def default_of(user: User) -> SavedView | None:
    return SavedView.objects.filter(owner=user, is_default=True).first()


def visible(views: Sequence[SavedView], user: User, reader: Reader) -> list[SavedView]:
    """Leave out shared views of courses that the reader may not see."""
    wanted = {course_of(one) for one in views if one.owner_id != user.pk} - {""}
    courses = reader.courses_in_part().filter(key__in=wanted) if wanted else Course.objects.none()
    seen = {"", *courses.values_list("key", flat=True)}
    return [one for one in views if one.owner_id == user.pk or course_of(one) in seen]


def course_of(view: SavedView) -> str:
    """The key of the view's course; empty if it is of all courses."""
    return filters_of(view).get("course", "")


def filters_of(view: SavedView) -> dict[str, str]:
    """The tab and the filters, as parameters of the dashboard."""
    return {"tab": view.tab, **dict(parse_qsl(view.query))}


def url_of(view: SavedView) -> str:
    """The address of exactly what was saved."""
    return f"{reverse('dashboard:dashboard')}?{urlencode(filters_of(view))}"


def open_view(view: SavedView, reader: Reader, now: datetime) -> OpenedView:
    """Return what of a view its reader may see and what still exists."""
    given = dict(parse_qsl(view.query))
    filters = read_filters(given, reader=reader, now=now)
    chosen = dict(filters.chosen)
    if "course" in filters.errors:
        # runs and modules of other courses may have the same keys
        chosen = {name: value for name, value in chosen.items() if name not in PLACES}
    tab = view.tab if view.tab in CATEGORIES else next(iter(CATEGORIES))
    url = url_of(SavedView(tab=tab, query=urlencode(chosen)))
    return OpenedView(url, _note(view, set(filters.errors)) if filters.errors else "")


def _note(view: SavedView, wrong: set[str]) -> str:
    if wrong & PLACES:
        sentence = gettext(
            "The view “%(name)s” is of a course, run or module that does not exist or that you may "
            "not see. This page shows the rest of the view."
        )
    else:
        sentence = gettext(
            "The view “%(name)s” has filters that are no longer valid. This page shows the rest of "
            "the view."
        )
    return sentence % {"name": view.name}
