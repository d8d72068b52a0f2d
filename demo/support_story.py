"""The demonstration's story of support: a model, a ranking, and contacts with their outcomes.

The product itself makes the model, ranks and measures; only whom the staff account has contacted is
made up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from django.contrib.auth.models import Permission

from accounts.models import User
from core import reporting_clock
from curriculum.models import Enrollment
from demo.known_password import EMAILS
from kpis.definitions.periods import local_day
from support.access import PERMISSION
from support.contacting import note_contact
from support.following import follow
from support.models import ChanceModel, Contact, Ranking
from support.prediction import loading
from support.prediction.features import standings_at
from support.prediction.rules import points_of
from support.ranking import rank
from support.training import train

# days before today on which the staff account contacted learners, and how many
DAYS_AGO, EACH_DAY = (95, 80, 65, 50, 35, 21, 3), 12
FURTHEST_BACK = timedelta(days=240)
CHANNELS, RESULTS = Contact.Channel, Contact.Result
WAYS = (
    (CHANNELS.EMAIL, RESULTS.NO_ANSWER),
    (CHANNELS.EMAIL, RESULTS.ANSWERED),
    (CHANNELS.PHONE, RESULTS.AGREED),
    (CHANNELS.MESSAGE, RESULTS.ANSWERED),
)


def tell(now: datetime, staff: User) -> None:
    _let_manager_see_learners()
    train(now)
    for days in DAYS_AGO:
        _contact_some(now - timedelta(days=days), now, staff)
    follow(now)
    rank(now)


def forget() -> None:
    """Delete what was made from the demonstration's learners, who are deleted, too."""
    ChanceModel.objects.all().delete()
    Ranking.objects.all().delete()


def _let_manager_see_learners() -> None:
    app, _, codename = PERMISSION.partition(".")
    permission = Permission.objects.get(content_type__app_label=app, codename=codename)
    User.objects.get(email=EMAILS["manager"]).user_permissions.add(permission)


def _contact_some(then: datetime, now: datetime, staff: User) -> None:
    """Contact every second of those who needed help most on that day."""
    on = local_day(then, reporting_clock.reporting_zone())
    near = Enrollment.objects.counted().filter(
        started_at__lt=then, started_at__gt=then - FURTHEST_BACK
    )
    loaded = loading.load(near.filter(contacts=None))
    standings = standings_at(loaded, np.full(len(loaded), on.toordinal()))
    order = np.argsort(np.where(standings.is_open, -points_of(standings), 1), kind="stable")
    worst = loaded.ids[order[standings.is_open[order]]][: 2 * EACH_DAY : 2]
    for number, one in enumerate(Enrollment.objects.filter(pk__in=worst.tolist()).order_by("pk")):
        channel, result = WAYS[number % len(WAYS)]
        note_contact(one, staff, on=on, channel=channel, result=result, now=now)
