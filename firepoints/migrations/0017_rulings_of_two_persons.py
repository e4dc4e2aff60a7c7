"""Rulings say who set them and who accepted, and keep the scan of their document; those of a pack have nobody."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("firepoints", "0015_joint_answers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="ruling",
            name="accepted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="ruling",
            name="recorded_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ruling",
            name="scan_name",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="ruling",
            name="scan_sha256",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="ruling",
            name="scan_stored_as",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="ruling",
            name="set_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="ruling",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("accepted_by__isnull", True), ("set_by__isnull", True)),
                    models.Q(
                        ("accepted_by__isnull", False),
                        ("set_by__isnull", False),
                        models.Q(("set_by", models.F("accepted_by")), _negated=True),
                        models.Q(("scan_sha256", ""), _negated=True),
                        models.Q(("document_no", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="ruling_by_two_with_paper",
                violation_error_message="裁定由两个人登记，要有依据文号和扫描件",
            ),
        ),
    ]
