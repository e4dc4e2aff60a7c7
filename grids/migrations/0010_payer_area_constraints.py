from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("grids", "0009_payer_area_dates")]
    operations = [
        migrations.AlterField("payerarea", "document_no", models.CharField("裁定文件", max_length=80)),
        migrations.AddConstraint(
            "payerarea",
            models.UniqueConstraint(
                fields=["cell_code"], condition=Q(valid_to__isnull=True), name="one_open_payer_per_cell"
            ),
        ),
        migrations.AddConstraint(
            "payerarea",
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="payer_area_ends_later"
            ),
        ),
        migrations.AddConstraint(
            "payerarea",
            models.CheckConstraint(condition=~Q(document_no=""), name="payer_area_has_document"),
        ),
    ]
