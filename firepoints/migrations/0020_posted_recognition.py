"""Points note the 认定 that the ledger holds a charge for, with an index of what differs. The ledger's own migration fills it."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

UNPOSTED = Q(state="final", posted_recognition__isnull=True)
OUTDATED = Q(posted_recognition__isnull=False) & ~Q(state="final", recognition=F("posted_recognition"))


class Migration(migrations.Migration):
    dependencies = [
        ("firepoints", "0019_served_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="firepoint",
            name="posted_recognition",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="firepoints.recognition",
            ),
        ),
        migrations.AddIndex(
            model_name="firepoint",
            index=models.Index(condition=UNPOSTED, fields=["final_at"], name="point_unposted_ix"),
        ),
        migrations.AddIndex(
            model_name="firepoint",
            index=models.Index(condition=OUTDATED, fields=["posted_recognition"], name="point_outdated_ix"),
        ),
        migrations.AddIndex(
            model_name="recognition",
            index=models.Index(
                condition=Q(counted=True, rule_ref=""), fields=["point"], name="recognition_unpinned_ix"
            ),
        ),
    ]
