from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.users import acting_user
from core.admin.confirmation import confirmed
from core.admin.recent_values import RecentValuesFilter
from core.admin.view_only import ReadOnlyInline
from curriculum.admin.courses import count_of
from kpis.definitions.units import PERCENT
from outcomes.admin.facts import FactAdmin
from outcomes.facts import quote_consents
from outcomes.models import Invitation, QuoteConsent, Response, Survey, Wave
from outcomes.surveys.audience import audience, unreachable
from outcomes.surveys.send_now import CannotSend, send_now

QUESTIONS = (
    ("asks_nps", "nps_question"),
    ("asks_csat", "csat_question"),
    ("asks_career", "career_question"),
    ("asks_comment", "comment_question"),
)


class KeepUsedAdmin(admin.ModelAdmin):
    """Prevent the deletion of objects in use; they can be closed or switched off instead."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and obj is not None and not self.is_used(obj)

    def is_used(self, obj: Any) -> bool:
        raise NotImplementedError


@admin.register(Survey)
class SurveyAdmin(KeepUsedAdmin):
    list_display = ("title", "key", "course", "asks", "follows_completion", "is_active", "waves")
    list_editable = ("is_active",)
    list_filter = ("is_active", "follows_completion", "course")
    list_select_related = ("course",)
    search_fields = ("title", "key")
    autocomplete_fields = ("course",)
    fieldsets = (
        (None, {"fields": (("title", "key"), "course", "introduction")}),
        (_("Questions"), {"fields": QUESTIONS}),
        (_("Sending"), {"fields": ("follows_completion", "is_active")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(wave_count=count_of(Wave, "survey"))
        return counted

    def get_readonly_fields(self, request: HttpRequest, obj: Survey | None = None) -> Any:
        # events refer to the survey by its key
        return ("key",) if obj else ()

    def is_used(self, obj: Survey) -> bool:
        return Invitation.objects.filter(wave__survey=obj).exists()

    @admin.display(description=_("questions"))
    def asks(self, row: Survey) -> str:
        names = {
            "nps": "NPS",
            "csat": "CSAT",
            "career": gettext("career"),
            "comment": gettext("comment"),
        }
        return ", ".join(name for key, name in names.items() if getattr(row, f"asks_{key}"))

    @admin.display(description=_("waves"), ordering="wave_count")
    def waves(self, row: Any) -> int:
        return int(row.wave_count)


def invitation_count(**conditions: Any) -> Coalesce:
    """Count the sent invitations of a wave that meet the conditions."""
    answer = Response.objects.filter(wave=OuterRef("wave"), enrollment=OuterRef("enrollment"))
    sent = Invitation.objects.annotate(is_answered=Exists(answer)).filter(
        wave=OuterRef("pk"), sent_at__isnull=False, **conditions
    )
    counted = sent.order_by().values("wave").annotate(rows=Count("pk")).values("rows")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@admin.register(Wave)
class WaveAdmin(KeepUsedAdmin):
    list_display = (
        *("__str__", "course", "run", "opens_at", "closes_at", "state"),
        *("invited", "answered", "dismissed", "response_rate"),
    )
    list_filter = ("survey", "course", "opens_at")
    list_select_related = ("survey", "course", "run__course")
    search_fields = ("key", "survey__key", "survey__title")
    autocomplete_fields = ("survey", "course", "run")
    date_hierarchy = "opens_at"
    actions = ("send_selected",)
    fields = (
        ("survey", "key"),
        ("course", "run"),
        ("opens_at", "closes_at"),
        "reminder_days",
        ("invited", "answered", "dismissed", "response_rate"),
        ("asked", "without_address"),
    )
    shown: ClassVar[Any] = (
        "invited", "answered", "dismissed", "response_rate", "asked", "without_address"
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(
            invited_count=invitation_count(),
            answered_count=invitation_count(is_answered=True),
            dismissed_count=invitation_count(is_answered=False, dismissed_at__isnull=False),
        )
        return counted

    def get_readonly_fields(self, request: HttpRequest, obj: Wave | None = None) -> Any:
        return (*self.shown, "survey", "key") if obj else self.shown

    def is_used(self, obj: Wave) -> bool:
        return obj.invitations.exists()

    @admin.display(description=_("state"))
    def state(self, row: Wave) -> str:
        return row.state(timezone.now())

    @admin.display(description=_("invited"), ordering="invited_count")
    def invited(self, row: Any) -> int:
        return int(row.invited_count) if row.pk else 0

    @admin.display(description=_("answered"), ordering="answered_count")
    def answered(self, row: Any) -> int:
        return int(row.answered_count) if row.pk else 0

    @admin.display(description=_("dismissed"), ordering="dismissed_count")
    def dismissed(self, row: Any) -> int:
        return int(row.dismissed_count) if row.pk else 0

    @admin.display(description=_("response rate"))
    def response_rate(self, row: Any) -> str:
        if not row.pk or not row.invited_count:
            return "–"
        return PERCENT.text(row.answered_count / row.invited_count)

    @admin.display(description=_("learners to invite by now"))
    def asked(self, row: Wave) -> int:
        return audience(row, timezone.now()).count() if row.pk else 0

    @admin.display(description=_("without an e-mail address"))
    def without_address(self, row: Wave) -> int:
        return unreachable(row, timezone.now()).count() if row.pk else 0

    @admin.action(description=_("Send the selected waves now"), permissions=["change"])
    @confirmed(
        title=_("Send now"),
        consequence=_("Everybody who is due gets an e-mail with the link to the survey."),
    )
    def send_selected(self, request: HttpRequest, rows: QuerySet[Wave]) -> list[Wave]:
        done = []
        for wave in rows.select_related("survey"):
            try:
                send_now(wave, timezone.now())
            except CannotSend as reason:
                self.message_user(request, f"{wave}: {reason}", messages.ERROR)
            else:
                sentence = gettext("“%(wave)s” is being sent.") % {"wave": wave}
                self.message_user(request, sentence, messages.SUCCESS)
                done.append(wave)
        return done


@admin.register(Invitation)
class InvitationAdmin(FactAdmin):
    csv_kinds = ("survey.sent", "survey.dismissed")
    list_display = (
        "enrollment", "wave", "sent_at", "opened_at", "reminded_at", "dismissed_at", "attempts"
    )  # fmt: skip
    list_filter = (
        *("wave__survey", *FactAdmin.list_filter),
        ("dismissed_at", admin.EmptyFieldListFilter),
        ("attempts", RecentValuesFilter),
    )
    list_select_related = (*FactAdmin.list_select_related, "wave__survey")
    date_hierarchy: ClassVar[str] = "sent_at"


SCORES = (("nps", RecentValuesFilter), ("csat", RecentValuesFilter))


class QuoteConsentInline(ReadOnlyInline):
    model = QuoteConsent
    fields = ("given_at", "text", "sender", "withdrawn_at")


@admin.register(Response)
class ResponseAdmin(FactAdmin):
    csv_kinds = ("survey.answered",)
    list_display = ("enrollment", "wave", "answered_at", "nps", "csat", "has_comment", "may_quote")
    list_filter = ("wave__survey", *FactAdmin.list_filter, *SCORES, "may_quote")
    list_select_related = (*FactAdmin.list_select_related, "wave__survey")
    date_hierarchy: ClassVar[str] = "answered_at"
    inlines = (QuoteConsentInline,)
    actions = ("withdraw_consent",)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("outcomes.delete_testimonial")

    @admin.action(description=_("Withdraw the consent to be quoted"), permissions=["withdraw"])
    def withdraw_consent(self, request: HttpRequest, queryset: QuerySet[Response]) -> None:
        count = quote_consents.withdraw(queryset, timezone.now())
        sentence = ngettext(
            "%(count)s comment is no longer quoted.",
            "%(count)s comments are no longer quoted.",
            count,
        ) % {"count": count}
        self.message_user(request, sentence, messages.SUCCESS)

    @admin.display(boolean=True, description=_("has a comment"))
    def has_comment(self, row: Response) -> bool:
        return bool(row.comment)
