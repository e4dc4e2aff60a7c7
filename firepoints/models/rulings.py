"""The rulings by which this city reads the policy (policy.md §2)."""

from django.db import models

from core.db.immutable import AppendOnlyModel


class Ruling(AppendOnlyModel):
    """One versioned answer to a question the policy leaves open, with the document that gives it (policy.md §2)."""

    key = models.CharField(max_length=60)
    valid_from = models.DateField()
    value = models.JSONField()
    document_no = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "fire_ruling"
        constraints = [models.UniqueConstraint(fields=["key", "valid_from"], name="one_ruling_per_key_date")]

    def __str__(self) -> str:
        return f"{self.key}（{self.valid_from}起）"
