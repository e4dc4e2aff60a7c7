"""The plain-text tokens of rest_framework.authtoken become digests of our own; their app and table go.

Whoever holds one keeps using it for 90 days and then takes one with a purpose and a scope.
"""

import hashlib
from datetime import timedelta

from django.db import migrations
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

OLD = "authtoken_token"
ALL_SCOPES = "read report import act money"


def take_over(apps, schema_editor):
    connection = schema_editor.connection
    if OLD not in connection.introspection.table_names():
        return
    ApiToken = apps.get_model("grids", "ApiToken")
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id, key FROM authtoken_token")
        old = cursor.fetchall()
    for user_id, key in old:
        ApiToken.objects.get_or_create(
            digest=hashlib.sha256(key.encode()).hexdigest(),
            defaults={
                "user_id": user_id,
                "label": "旧令牌（更换前有效 90 天）",
                "hint": key[:4],
                "scopes": ALL_SCOPES,
                "created_at": now,
                "expires_at": now + timedelta(days=90),
            },
        )


def drop(apps, schema_editor):
    connection = schema_editor.connection
    if OLD in connection.introspection.table_names():
        # The same statement on both databases; nothing refers to this table.
        schema_editor.execute("DROP TABLE authtoken_token")
    MigrationRecorder(connection).migration_qs.filter(app="authtoken").delete()
    ContentType = apps.get_model("contenttypes", "ContentType")
    ContentType.objects.filter(app_label="authtoken").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0005_api_tokens"),
        ("contenttypes", "0002_remove_content_type_name"),
        # Permissions go with their content types, in the state that the project has by then.
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.RunPython(drop, migrations.RunPython.noop),
    ]
