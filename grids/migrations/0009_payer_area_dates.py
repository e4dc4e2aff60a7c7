"""A ruling on who pays has an end: where a later one of the same cell stands, it ended on that one's day."""

from django.db import migrations, models

UNNAMED = "未记文号"
"""What an area says that was loaded when a document was not asked for."""


def carry(apps, schema_editor):
    area = apps.get_model("grids", "PayerArea")
    area.objects.filter(document_no="").update(document_no=UNNAMED)
    later = None
    for one in area.objects.order_by("cell_code", "-valid_from"):
        if later is not None and later.cell_code == one.cell_code:
            area.objects.filter(pk=one.pk).update(valid_to=later.valid_from)
        later = one


class Migration(migrations.Migration):
    dependencies = [("grids", "0008_overlays")]
    operations = [
        migrations.AddField("payerarea", "valid_to", models.DateField(blank=True, null=True)),
        migrations.RunPython(carry, migrations.RunPython.noop),
    ]
