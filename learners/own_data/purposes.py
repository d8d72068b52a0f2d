"""Why each app holds data about people, and what erasing does with them, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.lazy_text import LazyText
from core.personal_data import Action

# why an app holds data about people
PURPOSES: dict[str, LazyText] = {
    "accounts": _("Signing in, and who may see what."),
    "admin": _("Showing who on the staff changed what."),
    "axes": _("Stopping those who guess passwords."),
    "business": _("Figures of enrollment, retention, referral and revenue."),
    "curriculum": _("Who takes which course, and when."),
    "dashboard": _("Showing figures on other sites and in e-mails, and reopening saved views."),
    "engagement": _("Figures of progress, engagement and results."),
    "experiments": _("Finding out which way of teaching works better."),
    "first_steps": _("Not showing again a list that somebody has put away."),
    "intake": _("Counting each event once, and computing figures again."),
    "learners": _("Erasing those who ask for it."),
    "lti": _("Opening the site in an LMS."),
    "notifications": _("Sending messages."),
    "otp_static": _("Signing in without the second factor that was lost."),
    "otp_totp": _("Making a stolen password worthless."),
    "outcomes": _("Figures of skills, certificates, careers and satisfaction; quotations."),
    "support": _("Helping learners who may not finish."),
    "statements": _("Computing figures from what learning tools report."),
    "xapi": _("Keeping what learning tools report and store about their learners."),
}
# of a library whose name says nothing
NAMES: dict[str, LazyText] = {"axes": _("Failed sign-ins")}
ON_ERASURE: dict[Action, LazyText] = {
    Action.DELETE: _("deleted"),
    Action.ANONYMIZE: _("made anonymous"),
    Action.KEEP: _("stays"),
}
