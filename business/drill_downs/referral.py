"""Invitations and the K-factor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from business.drill_downs.scope_filters import invitations_in
from business.indicators import REFERRAL
from business.models import Invitation
from business.referral_codes import digest_of
from curriculum.models import Enrollment, Learner
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope, within
from kpis.definitions.units import COUNT, DAYS, NUMBER, PERCENT
from kpis.disclosure.small_groups import fewest
from kpis.statistics.shares_and_medians import median_of, share

START_LIMIT = timedelta(days=30)

# learner id, moment, code, and digest of the invitee's address
SentInvitation = tuple[int, datetime, str, str]


@drill_down(REFERRAL, "invitations", _("Invitations and K-factor"), has_runs=False)
def invitations(when: Period, scope: Scope) -> Table:
    """How many new learners an active learner brings in by invitations. If 100 active learners send
    50 invitations and 10 of the invited people start within 30 days, the K-factor is 0.5 × 0.2 =
    0.1.

    K-factor = (invitations sent in the period ÷ active learners) × (invitations whose invitee
    started within 30 days ÷ invitations sent in the period). It stays empty until 30 days after
    the period's end.

    Active learners were enrolled in the period and had neither left nor completed before it. An
    invitee is recognized by the reported address or, without one, by the inviter's next referral.
    The median counts the days from a learner's first start to the first invitation, for first
    invitations in the period.
    """
    sent = _sent(when, scope)
    active = _active(when, scope)
    is_mature = _is_mature(when)
    started = _started(sent) if is_mature else 0
    each, share_started = share(len(sent), active), share(started, len(sent))
    row: dict[str, Any] = {
        "active": active,
        "sent": len(sent),
        "each": each,
        "started": started if is_mature else None,
        "share": share_started if is_mature else None,
        "k": each * share_started
        if is_mature and each is not None and share_started is not None
        else None,
        "median": median_of(_days_to_first(when, scope)),
        "learners": fewest(active, len({one[0] for one in sent})),
    }
    return Table(COLUMNS, [row] if sent or active else [])


COLUMNS = (
    Column("active", _("Active learners"), COUNT),
    Column("sent", _("Invitations"), COUNT),
    Column("each", _("Invitations per active learner"), NUMBER),
    Column("started", _("Started within 30 days"), COUNT),
    Column("share", _("Share started"), PERCENT),
    Column("k", _("K-factor"), NUMBER),
    Column("median", _("Median days to the first invitation"), DAYS),
)


def _is_mature(when: Period) -> bool:
    """True once 30 days have passed since the period's end."""
    return when.now is None or when.now >= when.whole_end + START_LIMIT


def _sent(when: Period, scope: Scope) -> list[SentInvitation]:
    rows = Invitation.objects.filter(
        invitations_in(scope), sent_at__gte=when.start, sent_at__lt=when.end
    ).order_by("sent_at", "sender", "key")
    return list(rows.values_list("learner_id", "sent_at", "code", "invitee"))


def _active(when: Period, scope: Scope) -> int:
    enrolled = within(
        Enrollment.objects.filter(
            Q(withdrawn_at=None) | Q(withdrawn_at__gte=when.start),
            Q(completed_at=None) | Q(completed_at__gte=when.start),
            started_at__lt=when.end,
        ),
        scope,
        enrollment="",
    )
    return int(enrolled.aggregate(active=Count("learner", distinct=True))["active"])


def _started(sent: Sequence[SentInvitation]) -> int:
    """Count the invitations whose invitee started within 30 days; each start counts once."""
    if not sent:
        return 0
    addressed = [one for one in sent if one[3]]
    by_digest = _starts(addressed)
    count = sum(1 for one in addressed if _first_start(by_digest[one[3]], one[1]) is not None)
    referred = _referred_starts([one for one in sent if not one[3]])
    for learner, at, _code, digest in sent:
        if not digest and (start := _first_start(referred[learner], at)) is not None:
            referred[learner].remove(start)
            count += 1
    return count


def _first_start(starts: Iterable[datetime], at: datetime) -> datetime | None:
    """The first start within 30 days of the invitation; None without one."""
    return min((one for one in starts if at <= one < at + START_LIMIT), default=None)


def _starts(sent: Sequence[SentInvitation]) -> dict[str, list[datetime]]:
    """The starts of possible invitees, by the digests of their addresses."""
    found: dict[str, list[datetime]] = defaultdict(list)
    if not sent:
        return found
    rows = Enrollment.objects.counted().filter(
        started_at__gte=sent[0][1], started_at__lt=sent[-1][1] + START_LIMIT
    )
    for key, email, at in rows.values_list("learner__key", "learner__email", "started_at"):
        for address in {key, email} - {""}:
            found[digest_of(address)].append(at)
    return found


def _referred_starts(sent: Sequence[SentInvitation]) -> dict[int, list[datetime]]:
    """The starts of enrollments referred by these learners, by learner id."""
    found: dict[int, list[datetime]] = defaultdict(list)
    rows = Enrollment.objects.counted().filter(referral__referrer__in={one[0] for one in sent})
    for learner, at in rows.values_list("referral__referrer", "started_at"):
        found[learner].append(at)
    return found


def _days_to_first(when: Period, scope: Scope) -> list[float]:
    invitations = Invitation.objects.filter(invitations_in(scope)).order_by()
    earlier = invitations.filter(learner=OuterRef("learner"), sent_at__lt=OuterRef("sent_at"))
    first = invitations.filter(~Exists(earlier), sent_at__gte=when.start, sent_at__lt=when.end)
    invited_at: dict[int, datetime] = dict(first.values_list("learner", "sent_at"))
    rows = Learner.objects.filter(pk__in=invited_at, enrollments__is_cancelled=False)
    started_at = dict(
        rows.order_by().values_list("pk").annotate(start=Min("enrollments__started_at"))
    )
    return [
        (at - started_at[pk]).total_seconds() / 86_400
        for pk, at in invited_at.items()
        if pk in started_at and started_at[pk] <= at
    ]
