"""The first steps in their order: what each is, who may do it, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from core.lazy_text import LazyText


@dataclass(frozen=True)
class Link:
    """A page on which accounts with `permission` do the step; `url` is its name."""

    text: LazyText
    url: str
    permission: str


@dataclass(frozen=True)
class Step:
    """`template` shows commands; it is part of the first steps that are not done."""

    key: str
    title: LazyText
    text: LazyText
    links: Sequence[Link]
    template: str = ""

    @property
    def permissions(self) -> set[str]:
        return {link.permission for link in self.links}


IMPORT = Link(_("Import a file"), "admin:intake_event_import", "intake.import_event")

STEPS = (
    Step(
        "account",
        _("An account of your own"),
        _("The accounts of the demonstration have a password that everybody knows."),
        [Link(_("Add an account"), "admin:accounts_user_add", "accounts.add_user")],
        "first_steps/commands/account.html",
    ),
    Step(
        "courses",
        _("Your courses"),
        _(
            "Import them with a file or from your LMS, or type them. Events with a key that may "
            "create what is unknown add courses, too."
        ),
        [
            IMPORT,
            Link(_("Connect an LMS"), "admin:lti_platform_changelist", "lti.add_platform"),
            Link(_("Add a course"), "admin:curriculum_course_add", "curriculum.add_course"),
        ],
    ),
    Step(
        "data",
        _("Enrollments and activity"),
        _(
            "Import a file as Moodle, Canvas, Open edX, Stripe or your survey tool exports it, or "
            "let your systems send events."
        ),
        [
            IMPORT,
            Link(_("Create an API key"), "admin:accounts_apikey_add", "accounts.add_apikey"),
        ],
        "first_steps/commands/data.html",
    ),
    Step(
        "targets",
        _("Your targets"),
        _("Every KPI ships with a target. Set those of your organization, or of single courses."),
        [Link(_("Set targets"), "admin:kpis_target_changelist", "kpis.add_target")],
    ),
    Step(
        "people",
        _("The people who use the figures"),
        _("Invite managers, who see the courses that you grant them, and other staff."),
        [Link(_("Invite people"), "admin:accounts_invitation_add", "accounts.add_invitation")],
    ),
    Step(
        "notifications",
        _("Alerts that reach somebody"),
        _(
            "Alerts are shown here in any case. For e-mails, set EMAIL_URL; or add a channel of "
            "your chat or another system."
        ),
        [Link(_("Add a channel"), "admin:notifications_channel_add", "notifications.add_channel")],
    ),
)
# with these, there are figures: the rest can wait
ENOUGH = {"courses", "data"}
