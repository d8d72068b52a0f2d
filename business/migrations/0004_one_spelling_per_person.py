from django.db import migrations

from curriculum.keys import canonical


def rename(apps, schema_editor):
    """Give learners, their events and customers the one spelling of their keys.

    Customers of two spellings become one. Learners of two spellings stay two, as each may be
    enrolled in the same run: what comes from now on goes to the one with the right spelling.
    """
    learners = apps.get_model("curriculum", "Learner").objects
    events = apps.get_model("intake", "Event").objects
    taken = set()
    for pk, key in list(learners.values_list("pk", "key").iterator()):
        spelled = canonical(key)
        if spelled == key or not spelled:
            continue
        if spelled in taken or learners.filter(key=spelled).exists():
            continue
        taken.add(spelled)
        learners.filter(pk=pk).update(key=spelled)
        events.filter(learner=key).update(learner=spelled)
    merge_customers(apps)


def merge_customers(apps):
    customers = apps.get_model("business", "Customer").objects
    for customer in list(customers.order_by("pk")):
        spelled = canonical(customer.key)
        if spelled == customer.key or not spelled:
            continue
        same = customers.filter(kind=customer.kind, key=spelled).first()
        if same is None:
            customers.filter(pk=customer.pk).update(key=spelled)
            continue
        for name in ("Payment", "Subscription", "SubscriptionMoment"):
            rows = apps.get_model("business", name).objects
            rows.filter(customer=customer.pk).update(customer=same.pk)
        customers.filter(pk=customer.pk).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('business', '0003_refunds_by_their_own_id'),
        ('curriculum', '0009_enrollment_moments'),
        ('intake', '0002_import_permission'),
    ]

    operations = [
        migrations.RunPython(rename, migrations.RunPython.noop),
    ]
