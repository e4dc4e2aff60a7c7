"""A key takes half the room: its detection is its primary key, and a satellite row's base is not written a second time."""

import django.db.models.deletion
from django.db import migrations, models

KEEP = """
CREATE TABLE fire_key_kept AS
SELECT k.detection_id, k."key", k."rank",
       CASE WHEN s.parser IN ('firms', 'himawari', 'fy4') THEN NULL ELSE k.base_key END AS base_key
FROM fire_detection_key k
JOIN fire_detection d ON d.id = k.detection_id
JOIN fire_source s ON s.id = d.source_id
"""
RESTORE = """
INSERT INTO fire_detection_key (detection_id, "key", "rank", base_key)
SELECT detection_id, "key", "rank", base_key FROM fire_key_kept ORDER BY detection_id
"""


class Migration(migrations.Migration):
    dependencies = [("firepoints", "0010_accuracy_of_a_finding")]

    operations = [
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.DeleteModel("DetectionKey"),
        migrations.CreateModel(
            name="DetectionKey",
            fields=[
                (
                    "detection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="live_key",
                        serialize=False,
                        to="firepoints.detection",
                    ),
                ),
                ("key", models.CharField(max_length=300)),
                ("base_key", models.CharField(blank=True, max_length=300, null=True)),
                ("rank", models.PositiveIntegerField(default=0)),
            ],
            options={
                "db_table": "fire_detection_key",
                "indexes": [
                    models.Index(
                        condition=models.Q(("base_key__isnull", False)),
                        fields=["base_key"],
                        name="detection_base_key_ix",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("key",), name="one_live_key")],
            },
        ),
        migrations.RunSQL(RESTORE, migrations.RunSQL.noop),
        migrations.RunSQL("DROP TABLE fire_key_kept", migrations.RunSQL.noop),
    ]
