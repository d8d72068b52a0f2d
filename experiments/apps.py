from __future__ import annotations

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    name = "experiments"
    verbose_name = "Experiments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from experiments import (
            change_sources,
            from_adjustments,
            signal_receivers,  # noqa: F401 - its receivers connect themselves
        )
        from experiments.assignment import arm_values

        arm_values.register()
        change_sources.register()
        from_adjustments.register()
