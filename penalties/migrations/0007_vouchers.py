"""A voucher is a row of its own with its parts: until now each line of a batch repeated its number and day."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import core.clock


def a_row_for_each(apps, schema_editor):
    """The settlements of one number, payer and day become the parts of one voucher; nobody noted its own amount."""
    settlements, vouchers = apps.get_model("penalties", "Settlement"), apps.get_model("penalties", "Voucher")
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    # The table is append-only; what is written here is only where each row belongs. On SQLite `migrate` makes the trigger
    # again when it ends.
    if is_postgresql:
        schema_editor.execute('ALTER TABLE "penalty_settlement" DISABLE TRIGGER USER')
    else:
        schema_editor.execute('DROP TRIGGER IF EXISTS "penalty_settlement_ao_upd"')
    made = {}
    for row in settlements.objects.select_related("line").order_by("pk"):
        key = (row.voucher_no, row.line.payer_code, row.settled_on)
        if key not in made:
            made[key] = vouchers.objects.create(
                voucher_no=row.voucher_no,
                payer_code=row.line.payer_code,
                payer_name=row.line.payer_name,
                settled_on=row.settled_on,
                recorded_by_id=row.recorded_by_id,
                at=row.at,
            )
        settlements.objects.filter(pk=row.pk).update(voucher=made[key])
    if is_postgresql:
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute('ALTER TABLE "penalty_settlement" ENABLE TRIGGER USER')


class Migration(migrations.Migration):
    dependencies = [
        ("penalties", "0006_approved_by"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="VoucherReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("filename", models.CharField(max_length=200)),
                ("stored_as", models.CharField(max_length=200)),
                ("counts", models.JSONField(default=dict, verbose_name="行数")),
                ("rejected", models.JSONField(default=list, verbose_name="退回的行")),
                ("at", models.DateTimeField(default=core.clock.now)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"db_table": "penalty_voucher_reply", "ordering": ["-at", "-id"]},
        ),
        migrations.CreateModel(
            name="Voucher",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("voucher_no", models.CharField(max_length=80, verbose_name="凭证号")),
                ("payer_code", models.CharField(max_length=20)),
                ("payer_name", models.CharField(max_length=80)),
                ("settled_on", models.DateField(verbose_name="扣缴日期")),
                ("amount_fen", models.BigIntegerField(blank=True, null=True, verbose_name="凭证金额（分）")),
                ("at", models.DateTimeField(default=core.clock.now)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "reply",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vouchers",
                        to="penalties.voucherreply",
                    ),
                ),
            ],
            options={"db_table": "penalty_voucher"},
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.UniqueConstraint(
                fields=("voucher_no", "payer_code", "settled_on"), name="one_voucher_per_payer_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(condition=~Q(voucher_no=""), name="voucher_has_number"),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=Q(reply__isnull=True, amount_fen__isnull=True)
                | (Q(reply__isnull=False, amount_fen__isnull=False) & ~Q(amount_fen=0)),
                name="voucher_of_reply_has_amount",
                violation_error_message="财政回执里的凭证要有金额",
            ),
        ),
        migrations.AddField(
            model_name="settlement",
            name="voucher",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="penalties.voucher",
            ),
        ),
        migrations.RunPython(a_row_for_each, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="settlement",
            name="voucher",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="penalties.voucher"
            ),
        ),
    ]
