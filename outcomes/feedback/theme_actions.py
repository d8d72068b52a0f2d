"""The actions of staff on themes and testimonials, without large libraries."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from outcomes.models import CommentAnalysis, Response, Testimonial, Theme


@transaction.atomic
def merge(theme: Theme, into: Theme) -> None:
    """Count the comments of `theme`, and of themes merged into it, under `into`.

    ValidationError if `into` is the theme itself or was merged into it.
    """
    root = into.merged_into or into
    if root.pk == theme.pk:
        raise ValidationError(
            gettext("“%(theme)s” cannot be merged into itself.") % {"theme": theme}
        )
    Theme.objects.filter(pk=root.pk).update(retired_at=None)
    Theme.objects.filter(merged_into=theme).update(merged_into=root)
    Theme.objects.filter(pk=theme.pk).update(merged_into=root)
    theme.refresh_from_db()
    CommentAnalysis.objects.filter(theme=theme).update(theme=root)


@transaction.atomic
def undo_merge(theme: Theme) -> None:
    """Make a merged theme independent again; the task then reassigns the comments of both."""
    root = theme.merged_into
    if root is None:
        return
    Theme.objects.filter(pk=theme.pk).update(merged_into=None, retired_at=None)
    theme.refresh_from_db()
    CommentAnalysis.objects.filter(theme=root).update(is_classified=False)


def approve(response: Response, *, by: User) -> Testimonial:
    """Make a comment a testimonial; ValidationError without the learner's consent."""
    if not response.comment or not response.may_quote:
        raise ValidationError(gettext("The learner did not agree to be quoted."))
    found, _ = Testimonial.objects.update_or_create(
        response=response,
        defaults={"text": response.comment, "approved_by": by, "approved_at": timezone.now()},
    )
    return found
