from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Q

from business.drill_downs.customer_scope import invited
from business.indicators import REFERRAL
from business.models import Invitation
from business.referral_codes import digest_of
from curriculum.models import Enrollment, Learner
from kpis.definitions.aggregates import Scope, within
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT, DAYS, NUMBER, PERCENT
from kpis.disclosure.small_groups import fewest
from kpis.statistics.shares_and_medians import median_of, share

STARTS_WITHIN = timedelta(days=30)

# learner, when, code, digest of the invitee
Sent = tuple[int, datetime, str, str]


@drill_down(REFERRAL, "invitations", "Invitations and K-factor")
def invitations(when: Period, scope: Scope) -> Table:
    """Invitations sent in the period. K-factor = invitations per active learner × the share of
    invitations whose invitee started within 30 days; it stays empty until 30 days after the
    period's end. Active is who was enrolled in the period and had neither left nor completed
    before it. An invitee is known by the address that was told or, where none was, by the
    inviter's next referral. The median is of the days from a learner's first start to the first
    invitation, where that lies in the period."""
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
    Column("active", "Active learners", COUNT),
    Column("sent", "Invitations", COUNT),
    Column("each", "Invitations per active learner", NUMBER),
    Column("started", "Of them started within 30 days", COUNT),
    Column("share", "Share started", PERCENT),
    Column("k", "K-factor", NUMBER),
    Column("median", "Median days to the first invitation", DAYS),
)


def _is_mature(when: Period) -> bool:
    """True once 30 days have passed since the period's end."""
    return when.now is None or when.now >= when.whole_end + STARTS_WITHIN


def _sent(when: Period, scope: Scope) -> list[Sent]:
    rows = Invitation.objects.filter(
        invited(scope), sent_at__gte=when.start, sent_at__lt=when.end
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
    return enrolled.order_by().values("learner").distinct().count()


def _started(sent: Sequence[Sent]) -> int:
    """How many of these invitations somebody started after, each start counted once."""
    if not sent:
        return 0
    known = [one for one in sent if one[3]]
    by_digest = _starts(known)
    found = sum(1 for one in known if _soon(by_digest[one[3]], one[1]) is not None)
    waiting = _referred([one for one in sent if not one[3]])
    for learner, at, _, digest in sent:
        if not digest and (start := _soon(waiting[learner], at)) is not None:
            waiting[learner].remove(start)
            found += 1
    return found


def _soon(starts: Iterable[datetime], at: datetime) -> datetime | None:
    """The first start from the invitation on, if it comes within 30 days."""
    return min((one for one in starts if at <= one < at + STARTS_WITHIN), default=None)


def _starts(sent: Sequence[Sent]) -> dict[str, list[datetime]]:
    """When those started who may be meant, by the digests of their addresses."""
    found: dict[str, list[datetime]] = defaultdict(list)
    if not sent:
        return found
    rows = Enrollment.objects.counted().filter(
        started_at__gte=sent[0][1], started_at__lt=sent[-1][1] + STARTS_WITHIN
    )
    for key, email, at in rows.values_list("learner__key", "learner__email", "started_at"):
        for address in {key, email} - {""}:
            found[digest_of(address)].append(at)
    return found


def _referred(sent: Sequence[Sent]) -> dict[int, list[datetime]]:
    """When those started who came by a referral of these learners."""
    found: dict[int, list[datetime]] = defaultdict(list)
    rows = Enrollment.objects.counted().filter(referral__referrer__in={one[0] for one in sent})
    for learner, at in rows.values_list("referral__referrer", "started_at"):
        found[learner].append(at)
    return found


def _days_to_first(when: Period, scope: Scope) -> list[float]:
    first = (
        Invitation.objects.filter(invited(scope))
        .order_by()
        .values_list("learner")
        .annotate(first=Min("sent_at"))
        .filter(first__gte=when.start, first__lt=when.end)
    )
    asked: dict[int, datetime] = dict(first)
    rows = Learner.objects.filter(pk__in=asked, enrollments__is_cancelled=False)
    began = dict(rows.order_by().values_list("pk").annotate(began=Min("enrollments__started_at")))
    return [
        (at - began[pk]).total_seconds() / 86_400
        for pk, at in asked.items()
        if pk in began and began[pk] <= at
    ]
