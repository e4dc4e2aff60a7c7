"""目标责任书: the letters signed for a year between adjacent levels, with their papers (C3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock
from grids.roles import LEVEL_LABELS


class Letter(models.Model):
    """One 目标责任书 between two adjacent levels: the cell and the one above it, with the scan of the signed paper.

    A wrong entry is voided with a reason and entered anew; what was signed stays on record.
    """

    year = models.PositiveSmallIntegerField("年度")
    cell_code = models.CharField("下级网格", max_length=20)
    upper_code = models.CharField("上级网格", max_length=20)
    level = models.CharField("下级的级别", max_length=10, choices=LEVEL_LABELS.items())
    signer = models.CharField("下级签订人", max_length=60)
    upper_signer = models.CharField("上级签订人", max_length=60)
    signed_on = models.DateField("签订日期")
    scan_name = models.CharField(max_length=200)
    scan_sha256 = models.CharField(max_length=64)
    scan_stored_as = models.CharField(max_length=200)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField("作废原因", max_length=200, blank=True)

    class Meta:
        db_table = "grids_letter"
        constraints = [
            models.UniqueConstraint(
                fields=["year", "cell_code"], condition=Q(voided_at__isnull=True), name="one_letter_per_cell_year"
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | ~Q(void_reason=""),
                name="voided_letter_has_reason",
                violation_error_message="作废要写明原因",
            ),
            models.CheckConstraint(condition=~Q(scan_sha256=""), name="letter_has_scan"),
        ]
        indexes = [models.Index(fields=["cell_code", "year"], name="letter_cell_ix")]

    def __str__(self) -> str:
        return f"{self.year} 年责任书 {self.upper_code}—{self.cell_code}"
