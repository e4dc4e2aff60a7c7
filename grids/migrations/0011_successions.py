"""A county code that another continues, and the dates between which the finance table lists a payer."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("grids", "0010_payer_area_constraints")]
    operations = [
        migrations.CreateModel(
            name="Succession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("old_code", models.CharField(max_length=20, unique=True, verbose_name="原代码")),
                ("new_code", models.CharField(max_length=20, verbose_name="新代码")),
                ("new_name", models.CharField(blank=True, max_length=80, verbose_name="新代码的名称")),
                ("valid_from", models.DateField(verbose_name="自哪天起")),
                ("document_no", models.CharField(max_length=80, verbose_name="批准文件")),
            ],
            options={
                "db_table": "grids_succession",
                "ordering": ["valid_from", "old_code"],
                "constraints": [
                    models.CheckConstraint(condition=~Q(old_code=F("new_code")), name="succession_to_another_code"),
                    models.CheckConstraint(condition=~Q(document_no=""), name="succession_has_document"),
                ],
            },
        ),
        migrations.AddField(
            "payer", "valid_from", models.DateField(blank=True, null=True, verbose_name="自哪天起列入")
        ),
        migrations.AddField(
            "payer", "valid_to", models.DateField(blank=True, null=True, verbose_name="到哪天止（不含）")
        ),
        migrations.AddConstraint(
            "payer",
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="payer_ends_later",
            ),
        ),
    ]
