"""Every point with an entry in the ledger notes the 认定 that its last entry holds a charge for."""

from django.db import migrations
from django.db.models import Case, Exists, F, OuterRef, Subquery, When


def note_posted(apps, schema_editor):
    LedgerEntry = apps.get_model("penalties", "LedgerEntry")
    points = apps.get_model("firepoints", "FirePoint").objects.filter(
        Exists(LedgerEntry.objects.filter(point=OuterRef("pk")))
    )
    newest = LedgerEntry.objects.filter(point=OuterRef("pk")).order_by("-seq")
    points.update(
        posted_recognition=Subquery(newest.values(held=Case(When(balance_fen__gt=0, then=F("recognition_id"))))[:1])
    )


class Migration(migrations.Migration):
    dependencies = [
        ("firepoints", "0020_posted_recognition"),
        ("penalties", "0003_returned_batches"),
    ]

    operations = [migrations.RunPython(note_posted, migrations.RunPython.noop)]
