"""A batch keeps what it left out for its questions, as it was at the freezing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("penalties", "0004_figures"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="left_out",
            field=models.JSONField(blank=True, default=list, verbose_name="未列入"),
        ),
    ]
