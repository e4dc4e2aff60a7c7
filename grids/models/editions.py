"""Boundary editions and their cells (C2)."""

from django.db import models
from django.db.models import Q

from core import clock
from grids.roles import LEVEL_LABELS


class Edition(models.Model):
    """A set of cells with its borders. The edition of a date is the active one with the latest valid_from ≤ date."""

    class State(models.TextChoices):
        LOADED = "loaded", "已载入"
        ACTIVE = "active", "已启用"
        RETIRED = "retired", "已停用"

    name = models.CharField("版本名", max_length=80, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.LOADED)
    valid_from = models.DateField("启用日期（北京）", null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="successors")
    datum = models.CharField("声明的坐标系", max_length=10, default="wgs84")
    content_hash = models.CharField(max_length=64)
    is_synthetic = models.BooleanField("示意边界", default=False)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "grids_edition"
        constraints = [
            models.UniqueConstraint(fields=["valid_from"], condition=Q(state="active"), name="one_edition_per_date"),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(valid_from__isnull=False, activated_at__isnull=False),
                name="active_edition_has_dates",
                violation_error_message="启用的边界版本必须有启用日期",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Cell(models.Model):
    """One grid cell of one edition; geometry is WGS-84 WKB (lon, lat), null for a cell without a polygon."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="cells")
    level = models.CharField(max_length=10, choices=LEVEL_LABELS.items())
    code = models.CharField("区划代码", max_length=20)
    name = models.CharField("名称", max_length=80)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    geometry = models.BinaryField(null=True, blank=True)
    area_m2 = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "grids_cell"
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="one_cell_per_code")]
        indexes = [models.Index(fields=["edition", "level"], name="cell_level_ix")]

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"
