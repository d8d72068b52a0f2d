from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Value
from django.db.models.functions import Concat


def add_issuer(apps: Any, _: Any) -> None:
    """Add the present provider, at which these accounts were linked; without one, none signs in."""
    if issuer := settings.KPI_OIDC_ISSUER.rstrip("/"):
        linked = apps.get_model("accounts", "User").objects.exclude(single_sign_on_subject=None)
        linked.update(single_sign_on_subject=Concat(Value(f"{issuer} "), F("single_sign_on_subject")))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_access_moments")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="single_sign_on_subject",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="Who this is at the identity provider, since the first single sign-on.",
                max_length=600,
                null=True,
                unique=True,
            ),
        ),
        migrations.RunPython(add_issuer, migrations.RunPython.noop),
    ]
