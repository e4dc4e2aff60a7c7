"""Who the person of an account is: a keyed digest, one live account each."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("grids", "0011_successions")]
    operations = [
        migrations.AddField(
            "user",
            "identity",
            models.CharField(blank=True, default="", max_length=80, verbose_name="工号摘要"),
        ),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(
                fields=["identity"], condition=Q(is_active=True) & ~Q(identity=""), name="one_account_per_person"
            ),
        ),
    ]
