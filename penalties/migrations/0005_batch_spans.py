"""A batch covers a span of months: until now each was of one month, with what was late from before."""

from django.db import migrations, models
from django.db.models import F


def of_one_month(apps, schema_editor):
    apps.get_model("penalties", "Batch").objects.update(first_month=F("month"))


class Migration(migrations.Migration):
    dependencies = [
        ("penalties", "0004_left_out"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="first_month",
            field=models.CharField(default="", max_length=7, verbose_name="起始月"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="batch",
            name="with_earlier",
            field=models.BooleanField(default=True, verbose_name="连同以前未入账的"),
        ),
        migrations.RunPython(of_one_month, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_month__lte", models.F("month"))),
                name="batch_span_ordered",
                violation_error_message="批次的起始月不能晚于所属月",
            ),
        ),
    ]
