"""The e-mail of a report: its figures as text, and the PDF file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from accounts.languages import in_language_of
from dashboard.dashboard import Dashboard
from dashboard.kpi_page import KpiPage
from dashboard.models import ReportSubscription
from dashboard.reports import subscriptions
from dashboard.reports.downloads import pdf
from dashboard.reports.kpi_report import kpi_report
from dashboard.reports.subscriptions import NotVisible
from dashboard.reports.tab_report import tab_report
from dashboard.reports.unsubscribe import unsubscribe_url
from notifications.delivery import emails
from notifications.delivery.emails import Letter, NoLongerNeeded
from notifications.models import Notification
from presentation.page_query import Card
from presentation.reports.blocks import Report

KIND = "report"
TEMPLATE = "dashboard/mail/report"
FINDINGS_SHOWN = 6


def register() -> None:
    emails.WRITERS[KIND] = write


@contextmanager
def write(row: Notification) -> Iterator[Letter]:
    """Write the mail with what its reader may see now.

    NoLongerNeeded if the subscription has ended, or ends because nothing may be seen any more.
    """
    rows = ReportSubscription.objects.select_related("user")
    found = rows.filter(pk=row.payload["subscription"], ended_at=None).first()
    if found is None:
        raise NoLongerNeeded(gettext("The subscription has ended."))
    if found.user.email != row.to:
        raise NoLongerNeeded(gettext("The account has another address now."))
    with in_language_of(found.user):
        try:
            page = subscriptions.page_of(found, timezone.now())
        except NotVisible as error:
            subscriptions.end(found, subscriptions.Ended.NO_ACCESS)
            raise NoLongerNeeded(gettext("Its reader may no longer see it.")) from error
        yield letter(found, page)


def letter(subscription: ReportSubscription, page: Dashboard | KpiPage) -> Letter:
    report = tab_report(page) if isinstance(page, Dashboard) else kpi_report(page)
    file = (f"{report.name}.pdf", pdf(report), "application/pdf")
    context = content_of(report) | {
        "subject": f"{report.title} – {page.result.period}",
        "address": settings.KPI_BASE_URL + subscriptions.path_of(subscription),
        "unsubscribe": unsubscribe_url(subscription),
    }
    return Letter(TEMPLATE, context, [file])


def content_of(report: Report) -> dict[str, Any]:
    return {
        "title": report.title,
        "facts": report.facts,
        "notes": report.notes,
        "findings": [(label, text) for label, _, text in report.findings[:FINDINGS_SHOWN]],
        "rows": [_row(card) for card in report.cards],
    }


def _row(card: Card) -> dict[str, str]:
    """The figures of a KPI, with the words of its card."""
    figure = card.figure
    texts = [
        figure.verdict.text if card.shows_targets and figure.verdict else "",
        card.change.text if card.shows_change and card.change else "",
        *figure.notes,
        str(card.note),
    ]
    return {
        "name": card.indicator.name,
        "value": figure.value,
        "badge": figure.badge,
        "interval": figure.interval,
        "text": ". ".join(one.rstrip(".") for one in texts if one),
    }
