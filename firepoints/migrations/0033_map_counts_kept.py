from django.db import migrations, models

_KEEPING = {
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname ~ '_(kept|tally)_'",
        "DROP FUNCTION {}() CASCADE",
    ),
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        " AND (instr(name, '_kept_') > 0 OR instr(name, '_tally_') > 0)",
        'DROP TRIGGER "{}"',
    ),
}


def drop_triggers(apps, schema_editor):
    """Both ways: after the last migration the triggers of today's names are made, and what they keep is counted anew."""
    connection = schema_editor.connection
    names, dropping = _KEEPING[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(names)
        for (name,) in cursor.fetchall():
            cursor.execute(dropping.format(name))
        cursor.execute("DELETE FROM fire_map_count")


WITHOUT_TRIGGERS = migrations.RunPython(drop_triggers, drop_triggers)


class Migration(migrations.Migration):
    dependencies = [
        ("firepoints", "0031_map_cells"),
    ]

    operations = [
        WITHOUT_TRIGGERS,
        migrations.DeleteModel(
            name="MapChange",
        ),
        migrations.RemoveConstraint(
            model_name="mapcount",
            name="one_count_per_cell",
        ),
        migrations.RemoveIndex(
            model_name="mapcount",
            name="map_count_empty_ix",
        ),
        migrations.AddIndex(
            model_name="mapcount",
            index=models.Index(fields=["level", "seen_by", "month", "cell"], name="map_count_cell_ix"),
        ),
        WITHOUT_TRIGGERS,
    ]
