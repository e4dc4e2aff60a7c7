"""The sources that every deployment starts with (policy.md §3); a policy pack may rename or add to them."""

from django.db import migrations

# code, name, authority, kind, class, parser
SOURCES = [
    ("national_list", "国家卫星", "national", "satellite", "official_list", "national_list"),
    ("provincial_list", "省卫星", "province", "satellite", "official_list", "provincial_list"),
    ("supervision", "督查", "city", "supervision", "inspection", "patrol"),
    ("patrol", "市巡查", "city", "patrol", "inspection", "patrol"),
    ("enforcement", "市本级执法检查", "city", "enforcement", "inspection", "patrol"),
    ("self_found", "县（区）自查", "county", "self_found", "self_found", "patrol"),
    ("hotline", "举报", "other", "hotline", "lead", "patrol"),
    ("firms", "NASA FIRMS", "other", "satellite", "lead", "firms"),
    ("himawari", "葵花", "other", "satellite", "lead", "himawari"),
    ("fy4", "风云四号", "other", "satellite", "lead", "fy4"),
]


def add(apps, schema_editor):
    source = apps.get_model("firepoints", "Source")
    for position, (code, name, authority, kind, source_class, parser) in enumerate(SOURCES, start=1):
        source.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "authority": authority,
                "kind": kind,
                "source_class": source_class,
                "parser": parser,
                "position": position,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("firepoints", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
