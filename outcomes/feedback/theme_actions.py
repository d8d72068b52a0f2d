"""What staff do with themes and testimonials. Light: the admin imports it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from outcomes.models import CommentAnalysis, Response, Testimonial, Theme


@transaction.atomic
def merge(theme: Theme, into: Theme) -> None:
    """Count the comments of `theme`, and of what was merged into it, under `into`.

    ValidationError when that is itself, or has been merged into it.
    """
    root = into.merged_into or into
    if root.pk == theme.pk:
        raise ValidationError(f"{theme} cannot be merged into itself.")
    Theme.objects.filter(pk=root.pk).update(retired_at=None)
    Theme.objects.filter(merged_into=theme).update(merged_into=root)
    Theme.objects.filter(pk=theme.pk).update(merged_into=root)
    theme.refresh_from_db()
    CommentAnalysis.objects.filter(theme=theme).update(theme=root)


@transaction.atomic
def separate(theme: Theme) -> None:
    """Let a merged theme stand by itself again; the job sorts the comments of both anew."""
    root = theme.merged_into
    if root is None:
        return
    Theme.objects.filter(pk=theme.pk).update(merged_into=None, retired_at=None)
    theme.refresh_from_db()
    CommentAnalysis.objects.filter(theme=root).update(is_sorted=False)


def approve(response: Response, *, by: User) -> Testimonial:
    """Make a comment a testimonial; ValidationError without the learner's consent."""
    if not response.comment or not response.may_quote:
        raise ValidationError("Its learner did not agree that we quote it.")
    found, _ = Testimonial.objects.update_or_create(
        response=response,
        defaults={"text": response.comment, "approved_by": by, "approved_at": timezone.now()},
    )
    return found
