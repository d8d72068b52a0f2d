"""The form of an action on an experiment, which calls the app's own function."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.lazy_text import LazyText
from experiments.models import Experiment

MAY_RUN = "experiments.run_experiment"


def reason_field(missing: LazyText) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"), max_length=1_000, error_messages={"required": missing}
    )


class ActionForm(forms.Form):
    """An action, the label of its button, and the message once it is done.

    `version` is that of the experiment as the page showed it: whoever acts on an outdated page
    learns what happened meanwhile.
    """

    action: ClassVar[str]
    label: ClassVar[LazyText]
    done: ClassVar[LazyText]
    possible_in: ClassVar[tuple[str, ...]]
    is_quiet: ClassVar[bool] = True
    # the part of the page that has the form
    place: ClassVar[str] = "decide"

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("Reload the page and decide again."),
            "invalid": gettext_lazy("Reload the page and decide again."),
        },
    )

    def __init__(
        self, data: Any = None, *, experiment: Experiment, user: User, now: datetime
    ) -> None:
        self.experiment, self.user, self.now = experiment, user, now
        super().__init__(data, auto_id=f"{self.action}-%s", label_suffix="")

    @classmethod
    def is_available(cls, experiment: Experiment) -> bool:
        return experiment.state in cls.possible_in

    def perform(self) -> bool:
        """Do it; return False and set the form's errors if that fails."""
        if not self.is_valid():
            return False
        try:
            self.act(self.cleaned_data)
        except ValidationError as error:
            self._add(error)
            return False
        return True

    def _add(self, error: ValidationError) -> None:
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)

    def act(self, data: dict[str, Any]) -> None:
        raise NotImplementedError

    @property
    def current_version(self) -> int:
        """The version that the next submission starts from."""
        return self.experiment.version

    @property
    def form_id(self) -> str:
        return f"act-{self.action}"
