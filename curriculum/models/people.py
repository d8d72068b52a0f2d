from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from curriculum.keys import canonical


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make an account that signs in with `email`; ValueError when it is empty."""
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
    """Somebody who signs in. Roles: staff (`is_staff`), manager (has course grants), learner."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(
        max_length=10,
        blank=True,
        choices=languages,
        help_text="Of pages and mails; none chosen: the browser's, and the site's in mails.",
    )
    is_staff = models.BooleanField("may use the admin", default=False)
    is_active = models.BooleanField(default=True)
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
        permissions = (("view_small_groups", "Can see figures of groups under the minimum size"),)

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return str(self)


class IsUncounted(models.Func):
    """True of a kind that counts in no figure.

    Written out, and not with a parameter: SQLite sees only so that its index holds them all.
    """

    template = "(NOT %(expressions)s = 'learner')"
    output_field = models.BooleanField()
    arity = 1


class LearnerQuerySet(models.QuerySet["Learner"]):
    def uncounted(self) -> LearnerQuerySet:
        """Staff and test accounts, who are few."""
        return self.filter(IsUncounted("kind"))


class Learner(models.Model):
    """Somebody who is taught, under the key that senders know them by."""

    class Kind(models.TextChoices):
        LEARNER = "learner", "Learner"
        STAFF = "staff", "Staff"
        TEST = "test", "Test account"

    key = models.CharField(max_length=200, unique=True, help_text="The id that senders use.")
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    kind = models.CharField(
        max_length=10,
        choices=Kind.choices,
        default=Kind.LEARNER,
        help_text="Staff and test accounts count in no figure.",
    )
    user = models.OneToOneField(User, models.SET_NULL, null=True, blank=True)

    objects = LearnerQuerySet.as_manager()

    class Meta:
        ordering = ("key",)
        # only of those: an index of all would be taken for a way to find who is taught
        indexes = (
            models.Index(
                fields=("key",),
                condition=models.Q(IsUncounted("kind")),
                name="learner_who_counts_nowhere",
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save under the one spelling by which events find the learner."""
        self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.key = canonical(self.key)
