
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('alerts', '0002_proposals_in_the_history'),
        ('curriculum', '0010_structure_versions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.CharField(help_text='The course, run or module, as it was called at the time.', max_length=500)),
                ('parameter_key', models.CharField(max_length=100)),
                ('old_value', models.DecimalField(decimal_places=4, max_digits=12)),
                ('new_value', models.DecimalField(decimal_places=4, max_digits=12)),
                ('kpi', models.CharField(max_length=100, verbose_name='KPI')),
                ('alert_value', models.FloatField(help_text="The KPI's value when it was proposed.", null=True)),
                ('alert_target', models.FloatField(null=True)),
                ('alert_period_start', models.DateField(null=True)),
                ('status', models.CharField(choices=[('proposed', 'Waiting for a decision'), ('approved', 'Approved, not yet in force'), ('watched', 'Applied and watched'), ('kept', 'Kept'), ('reverted', 'Reverted'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('replaced', 'Replaced by a later change'), ('declined', 'Not proposed')], default='proposed', max_length=10)),
                ('version', models.PositiveIntegerField(default=1, help_text='Counts what happened to it; a form for an older one is refused.')),
                ('reason', models.TextField(blank=True)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision_reason', models.TextField(blank=True)),
                ('is_automatic', models.BooleanField(default=False, help_text='Approved by its rule, within the budget.', verbose_name='automatic')),
                ('applies_from', models.DateTimeField(blank=True, null=True)),
                ('watch_days', models.PositiveSmallIntegerField(default=60)),
                ('watch_until', models.DateTimeField(blank=True, null=True)),
                ('guard_kpis', models.JSONField(blank=True, default=list)),
                ('guard_looks', models.PositiveSmallIntegerField(default=0, help_text='How often the guard KPIs have been tested.')),
                ('effect', models.JSONField(blank=True, null=True)),
                ('effect_computed_at', models.DateTimeField(blank=True, null=True)),
                ('guard_result', models.JSONField(blank=True, help_text='The guard KPI that got worse.', null=True)),
                ('revert_proposed_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('alert', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='adjustments', to='alerts.alert')),
                ('change', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='adjustment', to='curriculum.parameterchange')),
                ('course', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='curriculum.course')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('parameter', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='adjustments', to='curriculum.parameter')),
                ('proposed_by', models.ForeignKey(blank=True, help_text='Empty: a rule.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-proposed_at', '-pk'),
                'permissions': (('decide_adjustment', 'Can approve, reject, keep and revert adjustments'),),
            },
        ),
        migrations.CreateModel(
            name='AdjustmentEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('proposed', 'Proposed'), ('declined', 'Not proposed'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('began', 'In force'), ('worsened', 'Guard KPI worsened'), ('measured', 'Effect measured'), ('kept', 'Kept'), ('reverted', 'Reverted'), ('replaced', 'Replaced')], max_length=10)),
                ('at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('before', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('after', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('adjustment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='improvement.adjustment')),
                ('by', models.ForeignKey(blank=True, help_text='Empty: the product itself.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='AdjustmentRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
                ('when', models.CharField(choices=[('opens', 'The alert opens'), ('recovers', 'The alert recovers')], default='opens', max_length=8)),
                ('parameter_key', models.CharField(max_length=100, verbose_name='parameter')),
                ('steps', models.SmallIntegerField(help_text='By how many steps of the parameter: 2, or −2 for down.')),
                ('farthest', models.DecimalField(blank=True, decimal_places=4, help_text='The rule never proposes a value beyond this one. Leave empty for the bounds of the parameter.', max_digits=12, null=True, verbose_name='at most so far')),
                ('cooldown_days', models.PositiveSmallIntegerField(default=60, help_text='Days before the rule may change the same parameter in the same place again.', validators=[django.core.validators.MaxValueValidator(730)], verbose_name='cool-down')),
                ('mode', models.CharField(choices=[('propose', 'Propose: somebody decides'), ('experiment', 'Experiment: draft one of the old against the new value'), ('automatic', 'Automatic: apply at once, within the budget')], default='propose', max_length=10)),
                ('watch_days', models.PositiveSmallIntegerField(default=60, help_text='Days after the change, which are compared with as many before it.', validators=[django.core.validators.MinValueValidator(7), django.core.validators.MaxValueValidator(365)], verbose_name='watching time')),
                ('guard_kpis', models.JSONField(blank=True, default=list, help_text='If one of these gets worse after a change, its revert is proposed at once.', verbose_name='guard KPIs')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('active_since', models.DateTimeField(editable=False, help_text='Alerts that recovered before are not answered.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('alert_rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='adjustment_rules', to='alerts.alertrule')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.AddField(
            model_name='adjustment',
            name='rule',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='adjustments', to='improvement.adjustmentrule'),
        ),
        migrations.CreateModel(
            name='AutomaticBudget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changes_per_month', models.PositiveSmallIntegerField(default=0, help_text='0: rules only propose, whatever their mode.', validators=[django.core.validators.MaxValueValidator(100)])),
            ],
            options={
                'verbose_name_plural': 'automatic budget',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='there_is_one_automatic_budget')],
            },
        ),
        migrations.AddConstraint(
            model_name='adjustmentrule',
            constraint=models.CheckConstraint(condition=models.Q(('steps', 0), _negated=True), name='adjustment_rule_changes_something', violation_error_message='Enter a number of steps other than 0.'),
        ),
        migrations.AddIndex(
            model_name='adjustment',
            index=models.Index(fields=['course', '-proposed_at'], name='adjustments_by_course'),
        ),
        migrations.AddIndex(
            model_name='adjustment',
            index=models.Index(fields=['status', 'watch_until'], name='adjustments_by_status'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.UniqueConstraint(fields=('rule', 'alert'), name='one_adjustment_per_rule_and_alert'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('proposed', 'approved', 'watched'))), fields=('parameter',), name='one_open_adjustment_per_parameter'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ('approved', 'watched')), _negated=True), ('applies_from__isnull', False), _connector='OR'), name='approved_adjustment_has_a_first_day'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(('watch_until', None), ('watch_until__gt', models.F('applies_from')), _connector='OR'), name='watching_ends_after_it_begins'),
        ),
    ]
