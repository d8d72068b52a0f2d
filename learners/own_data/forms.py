from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What people correct themselves; the address is how they sign in, and changed by staff."""

    class Meta:
        model = User
        fields = ("name", "language")
        labels = {"name": _("Name"), "language": _("Language")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True

    def clean_name(self) -> str:
        """Reject line breaks, and marks that turn the order of letters around."""
        name = str(self.cleaned_data["name"])
        if not name.isprintable():
            raise forms.ValidationError(gettext("Enter letters that can be seen, in one line."))
        return name


class ErasureForm(forms.Form):
    """Confirm by the password; accounts of single sign-on have none, and repeat the address."""

    confirmation = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=1_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user
        if not user.has_usable_password():
            self.fields["confirmation"] = forms.EmailField(label=_("Your e-mail address"))

    def clean_confirmation(self) -> str:
        given = str(self.cleaned_data["confirmation"])
        if not self.user.has_usable_password():
            if given.strip().lower() != self.user.email.lower():
                raise forms.ValidationError(gettext("This is not the address of your account."))
        # by the backend that limits failed tries
        elif authenticate(self.request, username=self.user.email, password=given) is None:
            raise forms.ValidationError(gettext("Wrong password. Nothing was asked for."))
        return given
