"""Record the consents of stored answers; to which words, was not stored."""

from django.db import migrations

FILL = """
INSERT INTO outcomes_quoteconsent (response_id, given_at, text, sender)
SELECT id, answered_at, '', event_sender FROM outcomes_response WHERE may_quote
"""


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0006_quote_consents")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
