from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from outcomes.models import CareerOutcome, Response, Survey

# with its escapes it must fit into the data of an event
LONGEST_COMMENT = 5_000
QUESTIONS = (("nps",), ("csat",), ("career", "career_on"), ("comment", "may_quote"))
NONE = CareerOutcome.Kind.NONE.value
SCALE = (
    (1, "1 – very dissatisfied"),
    (2, "2 – dissatisfied"),
    (3, "3 – neither"),
    (4, "4 – satisfied"),
    (5, "5 – very satisfied"),
)


def _scale(choices: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        choices=choices, coerce=int, empty_value=None, required=False, widget=forms.RadioSelect
    )


class AnswerForm(forms.Form):
    """The questions of one survey; those that it does not ask are not there."""

    nps = _scale([(score, str(score)) for score in range(11)])
    csat = _scale(SCALE)
    career = forms.MultipleChoiceField(
        choices=[
            (CareerOutcome.Kind.PLACEMENT.value, "I have a new job"),
            (CareerOutcome.Kind.PROMOTION.value, "I was promoted"),
            (CareerOutcome.Kind.PROJECT.value, "I completed a project at work with what I learned"),
            (NONE, "None of these"),
        ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    career_on = forms.DateField(
        label="When did it happen? The first of them, if there are several; about is enough.",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    comment = forms.CharField(
        max_length=LONGEST_COMMENT, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    may_quote = forms.BooleanField(
        label="You may quote my comment, without my name.", required=False
    )

    def __init__(self, survey: Survey, today: date, **given: Any) -> None:
        super().__init__(label_suffix="", **given)
        self.today = today
        for name, *with_it in QUESTIONS:
            if getattr(survey, f"asks_{name}"):
                self.fields[name].label = getattr(survey, f"{name}_question")
            else:
                for one in (name, *with_it):
                    del self.fields[one]

    def clean_career(self) -> list[str]:
        told: list[str] = self.cleaned_data["career"]
        if NONE in told and len(told) > 1:
            raise forms.ValidationError("It is either none of these or some of them.")
        return told

    def clean_career_on(self) -> date | None:
        day: date | None = self.cleaned_data["career_on"]
        if day and day > self.today:
            raise forms.ValidationError("This day is still to come.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        has_impact = bool(set(cleaned.get("career", [])) - {NONE})
        if has_impact and not cleaned.get("career_on") and "career_on" not in self.errors:
            self.add_error("career_on", "Please say when, roughly.")
        if not self.errors and not self.said():
            raise forms.ValidationError(
                "Nothing is answered yet. One answer is enough, and you may also rather not say."
            )
        return cleaned

    def said(self) -> dict[str, Any]:
        """The answers, as the data of an event; empty when there are none."""
        cleaned = self.cleaned_data
        said = {name: cleaned.get(name) for name in ("nps", "csat")}
        if told := cleaned.get("career"):
            said["career"] = [one for one in told if one != NONE]
            said["career_on"] = str(cleaned["career_on"]) if said["career"] else None
        if comment := cleaned.get("comment"):
            said |= {"comment": comment, "may_quote": cleaned["may_quote"]}
        return {name: value for name, value in said.items() if value is not None}


def given(response: Response) -> dict[str, Any]:
    """What an answer said, to begin with when it is changed."""
    outcomes = list(response.career_outcomes.all())
    return {
        "nps": response.nps,
        "csat": response.csat,
        "career": [one.kind for one in outcomes],
        "career_on": min((one.happened_on for one in outcomes if one.happened_on), default=None),
        "comment": response.comment,
        "may_quote": response.may_quote,
    }
