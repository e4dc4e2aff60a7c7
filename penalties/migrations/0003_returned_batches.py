"""A batch can be emptied, recalled and returned: it keeps the ground, and the hash of a frozen one ends at its freezing."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def end_of_freezing(apps, schema_editor):
    """Until now nothing was posted to a batch after its freezing, so its last entry is the last that was frozen."""
    batches, entries = apps.get_model("penalties", "Batch"), apps.get_model("penalties", "LedgerEntry")
    for batch in batches.objects.exclude(state="open"):
        last = entries.objects.filter(batch=batch).aggregate(last=models.Max("id"))["last"]
        batches.objects.filter(pk=batch.pk).update(last_entry_id=last or 0)


class Migration(migrations.Migration):
    dependencies = [
        ("penalties", "0002_circulars"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="batch",
            name="batch_state_known",
        ),
        migrations.AddField(
            model_name="batch",
            name="last_entry_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="冻结时台账末号"),
        ),
        migrations.AddField(
            model_name="batch",
            name="return_doc_no",
            field=models.CharField(blank=True, max_length=80, verbose_name="退件文号"),
        ),
        migrations.AddField(
            model_name="batch",
            name="return_file",
            field=models.CharField(blank=True, max_length=200, verbose_name="退件扫描件"),
        ),
        migrations.AddField(
            model_name="batch",
            name="return_kind",
            field=models.CharField(
                blank=True,
                choices=[("emptied", "已清空"), ("recalled", "已撤回"), ("refused", "已退回")],
                max_length=10,
                verbose_name="退回方式",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="return_reason",
            field=models.CharField(blank=True, max_length=500, verbose_name="退回理由"),
        ),
        migrations.AddField(
            model_name="batch",
            name="return_sha256",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="batch",
            name="returned_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="batch",
            name="returned_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="returned_on",
            field=models.DateField(blank=True, null=True, verbose_name="退回日期"),
        ),
        migrations.AlterField(
            model_name="batch",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "编制中"),
                    ("frozen", "已冻结"),
                    ("submitted", "已报送"),
                    ("approved", "市政府已同意"),
                    ("sent", "已送财政"),
                    ("settled", "已扣缴"),
                    ("returned", "已退回"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="batchdocument",
            name="kind",
            field=models.CharField(
                choices=[
                    ("request", "请示"),
                    ("approval", "批件"),
                    ("return", "退件"),
                    ("letter", "函"),
                    ("workbook", "汇总表"),
                    ("voucher", "凭证"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["open", "frozen", "submitted", "approved", "sent", "settled", "returned"])
                ),
                name="batch_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(models.Q(("state", "returned"), _negated=True), ("return_kind", "")),
                    models.Q(
                        ("returned_at__isnull", False),
                        ("returned_on__isnull", False),
                        ("state", "returned"),
                        ("return_kind__in", ["emptied", "recalled", "refused"]),
                        ("returned_by__isnull", False),
                        models.Q(("return_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="returned_with_ground",
                violation_error_message="撤回、退回或清空的批次要有方式、日期、经办人和理由",
            ),
        ),
        migrations.RunPython(end_of_freezing, migrations.RunPython.noop),
    ]
