"""Give stored values what the values at a moment are read from.

- A row of a course counts from its first change on, so one without any gets one.
- A value between two steps must be possible in its row, until staff set another one.
"""

from decimal import Decimal

from django.db import migrations
from django.utils import timezone


def explain(apps, schema_editor):
    Parameter = apps.get_model("curriculum", "Parameter")
    ParameterChange = apps.get_model("curriculum", "ParameterChange")
    now = timezone.now()
    effective = ParameterChange.objects.filter(status__in=("applied", "reverted"))
    scoped = Parameter.objects.exclude(course=None, module=None)
    for row in scoped.exclude(pk__in=effective.values("parameter")):
        ParameterChange.objects.create(
            parameter=row,
            old_value=row.value,
            new_value=row.value,
            status="applied",
            reason="The value that was set before its history began.",
            proposed_at=now,
            decided_at=now,
        )
    for row in Parameter.objects.all():
        if (row.value - row.minimum) % row.step:
            row.step = Decimal("0.0001")
            row.save(update_fields=["step"])


class Migration(migrations.Migration):
    dependencies = [("curriculum", "0002_parameter_roles")]

    operations = [migrations.RunPython(explain, migrations.RunPython.noop)]
