"""Divisions are found by the points that they speak of: they were found by reading every step ever."""

import django.db.models.deletion
from django.db import migrations, models

PART = 2000


def note_divisions(apps, schema_editor):
    """A row for each point of each step that says what is one site and what another."""
    Step = apps.get_model("firepoints", "Step")
    DividedPoint = apps.get_model("firepoints", "DividedPoint")
    actions = ("split", "unmerge", "review", "stand")
    rows = []
    for pk, data in Step.objects.filter(action__in=actions).order_by("pk").values_list("pk", "data").iterator():
        if "groups" in data or "apart" in data:
            rows += [DividedPoint(step_id=pk, point_id=point) for point in dict.fromkeys(data["points"])]
    DividedPoint.objects.bulk_create(rows, batch_size=PART)


class Migration(migrations.Migration):
    dependencies = [("firepoints", "0020_what_burnt")]

    operations = [
        migrations.CreateModel(
            name="DividedPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "point",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="divisions",
                        to="firepoints.firepoint",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="divided_points",
                        to="firepoints.step",
                    ),
                ),
            ],
            options={
                "db_table": "fire_divided_point",
                "constraints": [
                    models.UniqueConstraint(fields=("point", "step"), name="one_row_per_point_division"),
                ],
            },
        ),
        migrations.RunPython(note_divisions, migrations.RunPython.noop),
    ]
