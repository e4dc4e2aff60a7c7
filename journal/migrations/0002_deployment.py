"""The deployment row, with its own random digest key."""

import secrets

from django.db import migrations


def create(apps, schema_editor):
    apps.get_model("journal", "Deployment").objects.using(schema_editor.connection.alias).get_or_create(
        pk=1, defaults={"name": "禁烧", "is_demo": False, "epoch": 1, "digest_key": secrets.token_hex(32)}
    )


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
