from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outcomes.models import CareerOutcome, Response, Survey

# even with JSON escapes, it fits into the data of an event
MAX_COMMENT_LENGTH = 5_000
QUESTIONS = (("nps",), ("csat",), ("career", "career_on"), ("comment", "may_quote"))
NONE = CareerOutcome.Kind.NONE.value
SCALE = (
    (1, _("1 – very dissatisfied")),
    (2, _("2 – dissatisfied")),
    (3, _("3 – neither")),
    (4, _("4 – satisfied")),
    (5, _("5 – very satisfied")),
)


def _scale(choices: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        choices=choices, coerce=int, empty_value=None, required=False, widget=forms.RadioSelect
    )


class AnswerForm(forms.Form):
    """The questions that one survey asks."""

    nps = _scale([(score, str(score)) for score in range(11)])
    csat = _scale(SCALE)
    career = forms.MultipleChoiceField(
        choices=[
            (CareerOutcome.Kind.PLACEMENT.value, _("I have a new job")),
            (CareerOutcome.Kind.PROMOTION.value, _("I was promoted")),
            (
                CareerOutcome.Kind.PROJECT.value,
                _("I completed a project at work with what I learned"),
            ),
            (NONE, _("None of these")),
        ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    career_on = forms.DateField(
        label=_(
            "When did it happen? An approximate date is enough. If there are several, enter the "
            "first."
        ),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    comment = forms.CharField(
        max_length=MAX_COMMENT_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    may_quote = forms.BooleanField(
        label=_("You may quote my comment without my name."), required=False
    )

    def __init__(self, survey: Survey, today: date, **options: Any) -> None:
        super().__init__(label_suffix="", **options)
        self.today = today
        for name, *related in QUESTIONS:
            if getattr(survey, f"asks_{name}"):
                self.fields[name].label = survey.shown_text(f"{name}_question")
            else:
                for field in (name, *related):
                    del self.fields[field]

    def clean_career(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["career"]
        if NONE in chosen and len(chosen) > 1:
            raise forms.ValidationError(
                gettext("Choose either “None of these” or one or more of the other answers.")
            )
        return chosen

    def clean_career_on(self) -> date | None:
        day: date | None = self.cleaned_data["career_on"]
        if day and day > self.today:
            raise forms.ValidationError(gettext("This date is in the future."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        has_impact = bool(set(cleaned.get("career", [])) - {NONE})
        if has_impact and not cleaned.get("career_on") and "career_on" not in self.errors:
            self.add_error("career_on", gettext("Enter an approximate date."))
        if not self.errors and not self.event_data():
            raise forms.ValidationError(
                gettext("Please answer at least one question, or choose “I’d rather not answer”.")
            )
        return cleaned

    def event_data(self) -> dict[str, Any]:
        """The answers as the data of an event; empty if there are none."""
        cleaned = self.cleaned_data
        data = {name: cleaned.get(name) for name in ("nps", "csat")}
        if career := cleaned.get("career"):
            data["career"] = [kind for kind in career if kind != NONE]
            data["career_on"] = str(cleaned["career_on"]) if data["career"] else None
        if comment := cleaned.get("comment"):
            data |= {"comment": comment, "may_quote": cleaned["may_quote"]}
        if data.get("may_quote"):
            data["quote_terms"] = str(self.fields["may_quote"].label)
        return {name: value for name, value in data.items() if value is not None}


def initial_values(response: Response) -> dict[str, Any]:
    """The values of a stored answer, shown when the learner changes it."""
    outcomes = list(response.career_outcomes.all())
    return {
        "nps": response.nps,
        "csat": response.csat,
        "career": [one.kind for one in outcomes],
        "career_on": min((one.happened_on for one in outcomes if one.happened_on), default=None),
        "comment": response.comment,
        "may_quote": response.may_quote,
    }
