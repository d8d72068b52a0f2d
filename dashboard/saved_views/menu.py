"""The menu of saved views on the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from accounts.models import User
from dashboard.dashboard import Dashboard
from dashboard.models import SavedView
from dashboard.saved_views import opening, saving

MOST_OF_OTHERS = 20


@dataclass
class ViewMenu:
    page: Dashboard
    user: User

    @cached_property
    def views(self) -> list[SavedView]:
        """The person's own views, and some of those that others share, by name."""
        found = list(opening.views_for(self.user)[: saving.MOST_VIEWS + MOST_OF_OTHERS])
        return opening.visible(found, self.user, self.page.service.reader)

    @property
    def current(self) -> SavedView | None:
        """The view that the page shows."""
        shown = {"tab": self.page.category.key, **self.page.filters.chosen}
        mine_first = sorted(self.views, key=lambda one: one.owner_id != self.user.pk)
        return next((one for one in mine_first if opening.filters_of(one) == shown), None)

    @property
    def hidden_inputs(self) -> list[tuple[str, str]]:
        return [("tab", self.page.category.key), *self.page.filters.chosen.items()]
