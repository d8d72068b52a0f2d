from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an account that signs in with `email`; ValueError when it is empty."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=(username or "").strip())


def languages() -> list[tuple[str, str]]:
    return list(settings.LANGUAGES)


class User(AbstractBaseUser, PermissionsMixin):
    """An account. Its role: staff (`is_staff`), manager (has course grants) or learner."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(
        max_length=10,
        blank=True,
        choices=languages,
        help_text=_("If empty, pages use the browser's language and e-mails the site's."),
    )
    is_staff = models.BooleanField("staff", default=False, help_text=_("Can use the admin."))
    is_active = models.BooleanField(
        "active", default=True, help_text=_("Uncheck to close the account.")
    )
    single_sign_on_subject = models.CharField(
        max_length=600,
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text=_("Who this is at the identity provider, since the first single sign-on."),
    )
    second_factor_since = models.DateTimeField(null=True, blank=True, editable=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(Lower("email"), name="one_account_per_email_address"),
        )
        verbose_name = "account"
        permissions = (("view_small_groups", gettext_noop("Can see figures of small groups")),)

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return str(self)
