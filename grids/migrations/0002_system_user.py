"""The system account: imports and reports, never decides; nobody can sign in with it."""

from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("grids", "User").objects.get_or_create(
        username="system", defaults={"full_name": "系统", "is_system": True, "password": "!"}
    )


class Migration(migrations.Migration):
    dependencies = [("grids", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
