from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.mentions import keys_may_name_people, may_name_people
from core.personal_data import (
    Action,
    Person,
    holds_no_personal_data,
    holds_personal_data,
    replace_names,
    sets,
)
from intake.models import Event
from outcomes.models import (
    CareerOutcome,
    Certificate,
    CertificateChange,
    CertificateCode,
    CommentAnalysis,
    Invitation,
    QuoteConsent,
    Response,
    SkillAssessment,
    Survey,
    Testimonial,
    Theme,
    TopicRun,
    Wave,
)

FACT = _("A fact about a learner who is anonymous by then; figures are computed from it.")


def _anonymize_responses(responses: QuerySet[Response], person: Person) -> None:
    replace_names(responses, ("event_key",), person)
    responses.update(comment="", may_quote=False, language="")


def _anonymize_changes(changes: QuerySet[CertificateChange], person: Person) -> None:
    replace_names(changes, ("key",), person)
    changes.update(number="", reason="")


holds_personal_data(
    CommentAnalysis, "response__enrollment__learner", ("text", "mood"), action=Action.DELETE
)
holds_personal_data(Testimonial, "response__enrollment__learner", ("text",), action=Action.DELETE)
holds_personal_data(
    QuoteConsent,
    "response__enrollment__learner",
    ("given_at", "text", "withdrawn_at"),
    action=Action.DELETE,
)
holds_personal_data(
    Response,
    "enrollment__learner",
    ("answered_at", "nps", "csat", "comment", "language", "event_key"),
    action=Action.ANONYMIZE,
    by=_anonymize_responses,
)
holds_personal_data(
    Certificate,
    "enrollment__learner",
    ("earned_at", "number", "reason"),
    action=Action.ANONYMIZE,
    by=sets(number="", reason=""),
)
holds_personal_data(
    CertificateChange,
    "enrollment__learner",
    ("key", "change", "at", "number", "reason"),
    action=Action.ANONYMIZE,
    by=_anonymize_changes,
)
# without it, nobody can look the certificate up any more
holds_personal_data(
    CertificateCode,
    "enrollment__learner",
    ("code", "name"),
    names=("name",),
    action=Action.DELETE,
)
holds_personal_data(
    CareerOutcome, "enrollment__learner", ("kind", "happened_on"), action=Action.KEEP, reason=FACT
)
holds_personal_data(
    SkillAssessment, "enrollment__learner", ("score",), action=Action.KEEP, reason=FACT
)
holds_personal_data(
    Invitation, "enrollment__learner", ("sent_at",), action=Action.KEEP,
    reason=_("When a survey was sent; the share of answers is computed from it."),
)  # fmt: skip
holds_no_personal_data(Survey, Wave, reason=_("Questions and dates."))
holds_no_personal_data(Theme, TopicRun, reason=_("Words that many comments share."))
# a comment, its analysis and its quotation must stay equal, and a replay makes the same comment
may_name_people(Event, "data", only=Q(kind__in=("survey.answered", "certificate.revoked")))
may_name_people(Response, "comment")
may_name_people(CommentAnalysis, "text")
may_name_people(Testimonial, "text")
may_name_people(Certificate, "reason")
may_name_people(CertificateChange, "reason")
# of others; their events get the same keys
keys_may_name_people(Response, "event_key")
keys_may_name_people(CertificateChange, "key")
