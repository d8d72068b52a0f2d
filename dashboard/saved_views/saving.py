"""Save, change and delete the views of one person."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from core import localized
from dashboard.models import SavedView

MOST_VIEWS = 50
LONGEST_NAME = 60
LONGEST_QUERY = 1_000


class ViewError(Exception):
    """A view that cannot be saved or renamed; the sentence says why."""


@transaction.atomic
def save(owner: User, name: str, *, tab: str, filters: Mapping[str, str]) -> SavedView:
    """Save the filters under a new name; ViewError if it is taken or there are too many."""
    # one at a time, so that two requests cannot exceed the limit
    User.objects.select_for_update().get(pk=owner.pk)
    if owner.saved_views.count() >= MOST_VIEWS:
        raise ViewError(
            gettext("You have %(count)s saved views, the most possible. Delete one first.")
            % {"count": localized.number(MOST_VIEWS)}
        )
    query = urlencode(filters)
    if len(query) > LONGEST_QUERY:
        raise ViewError(gettext("These filters are too long to be saved."))
    view = SavedView(owner=owner, tab=tab, query=query, saved_at=timezone.now())
    return _named(view, name)


def rename(view: SavedView, name: str) -> None:
    _named(view, name)


def _named(view: SavedView, name: str) -> SavedView:
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise ViewError(gettext("Enter a name for the view."))
    if len(name) > LONGEST_NAME:
        raise ViewError(
            gettext("A name has at most %(count)s characters.")
            % {"count": localized.number(LONGEST_NAME)}
        )
    view.name = name
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise ViewError(
            gettext("You already have a view “%(name)s”. Choose another name.") % {"name": name}
        ) from None
    return view


@transaction.atomic
def set_default(view: SavedView, *, is_default: bool) -> None:
    """Let this view, or none, open at the dashboard's address."""
    User.objects.select_for_update().get(pk=view.owner_id)
    SavedView.objects.filter(owner=view.owner_id, is_default=True).update(is_default=False)
    SavedView.objects.filter(pk=view.pk).update(is_default=is_default)


def share(view: SavedView, *, is_shared: bool) -> None:
    SavedView.objects.filter(pk=view.pk).update(is_shared=is_shared)
