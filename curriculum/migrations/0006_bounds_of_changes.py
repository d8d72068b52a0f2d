"""Give each change the bounds of its parameter, or wider ones that its value already needed."""

from decimal import Decimal

from django.db import migrations


def remember_bounds(apps, schema_editor):
    ParameterChange = apps.get_model("curriculum", "ParameterChange")
    changes = list(ParameterChange.objects.select_related("parameter"))
    for change in changes:
        parameter = change.parameter
        change.minimum = min(parameter.minimum, change.new_value)
        change.maximum = max(parameter.maximum, change.new_value)
        is_on_a_step = (change.new_value - change.minimum) % parameter.step == 0
        change.step = parameter.step if is_on_a_step else Decimal("0.0001")
    ParameterChange.objects.bulk_update(changes, ["minimum", "maximum", "step"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("curriculum", "0005_typed_parameters")]

    operations = [migrations.RunPython(remember_bounds, migrations.RunPython.noop)]
