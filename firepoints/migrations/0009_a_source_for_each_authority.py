"""The remaining sources of policy.md §3: a finding goes by who found it and how, not by the file that brings it."""

from django.db import migrations

# code, name, authority, kind, class; the six of 0002 come first in every list
SOURCES = [
    ("national_supervision", "国家督查", "national", "supervision", "inspection"),
    ("provincial_supervision", "省督查", "province", "supervision", "inspection"),
    ("county_supervision", "县（区）督查", "county", "supervision", "self_found"),
    ("national_patrol", "国家巡查", "national", "patrol", "inspection"),
    ("provincial_patrol", "省巡查", "province", "patrol", "inspection"),
    ("county_patrol", "县（区）巡查", "county", "patrol", "self_found"),
    ("township_patrol", "乡镇巡查", "township", "patrol", "self_found"),
    ("village_patrol", "村巡查", "village", "patrol", "self_found"),
    ("provincial_enforcement", "省执法检查", "province", "enforcement", "inspection"),
    ("county_enforcement", "县（区）执法检查", "county", "enforcement", "self_found"),
    ("township_found", "乡镇自查", "township", "self_found", "self_found"),
    ("village_found", "村自查", "village", "self_found", "self_found"),
]


def add(apps, schema_editor):
    source = apps.get_model("firepoints", "Source")
    for position, (code, name, authority, kind, source_class) in enumerate(SOURCES, start=21):
        source.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "authority": authority,
                "kind": kind,
                "source_class": source_class,
                "parser": "patrol",
                "position": position,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("firepoints", "0008_hotline_register_and_feeds")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
