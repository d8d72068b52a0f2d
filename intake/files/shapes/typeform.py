"""Typeform's export of responses: times are in UTC."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from intake.files.shapes.surveys import Survey


class Typeform(Survey):
    key = "typeform"
    title = gettext_lazy("Typeform responses")
    at = ("Submit Date (UTC)", "Submitted At")
    response = ("#", "Token", "Response ID")
    own = (
        "Start Date (UTC)", "Stage Date (UTC)", "Network ID", "Tags", "Ending", "Response Type",
    )  # fmt: skip
    people = ("email", "user_id", "learner", "Email Address")
    signature = (("#", "Token"), ("Submit Date (UTC)",))
    is_utc = True
