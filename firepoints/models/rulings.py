"""The rulings by which this city reads the policy (policy.md §2)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.db.immutable import AppendOnlyModel


class Ruling(AppendOnlyModel):
    """One versioned answer to a question the policy leaves open, with the document that gives it (policy.md §2)."""

    key = models.CharField(max_length=60)
    valid_from = models.DateField()
    value = models.JSONField()
    document_no = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=200, blank=True)
    scan_name = models.CharField(max_length=200, blank=True)
    scan_sha256 = models.CharField(max_length=64, blank=True)
    scan_stored_as = models.CharField(max_length=200, blank=True)
    # Nobody: it came with the policy pack at set-up, whose entry says who loaded it.
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "fire_ruling"
        constraints = [
            models.UniqueConstraint(fields=["key", "valid_from"], name="one_ruling_per_key_date"),
            models.CheckConstraint(
                condition=Q(set_by__isnull=True, accepted_by__isnull=True)
                | Q(set_by__isnull=False, accepted_by__isnull=False)
                & ~Q(set_by=F("accepted_by"))
                & ~Q(scan_sha256="")
                & ~Q(document_no=""),
                name="ruling_by_two_with_paper",
                violation_error_message="裁定由两个人登记，要有依据文号和扫描件",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}（{self.valid_from}起）"
