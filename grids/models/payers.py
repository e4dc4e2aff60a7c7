"""Payers, and the ground for which each pays, apart from the borders (policy.md §2e)."""

from django.db import models
from django.db.models import F, Q


class Payer(models.Model):
    """A government that can be charged (属地县(区)政府, or a unit such as 高新区 by ruling)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    group = models.CharField("小计组", max_length=20, blank=True)
    position = models.PositiveSmallIntegerField("表内次序", default=0)

    class Meta:
        db_table = "grids_payer"
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name


class PayerArea(models.Model):
    """The payer map: fires in `cell_code` are paid by `payer` from `valid_from` to before `valid_to` (null = on), apart
    from the borders, as a document says (policy.md §2e)."""

    cell_code = models.CharField(max_length=20)
    payer = models.ForeignKey(Payer, models.PROTECT, related_name="areas")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    document_no = models.CharField("裁定文件", max_length=80)

    class Meta:
        db_table = "grids_payer_area"
        constraints = [
            models.UniqueConstraint(fields=["cell_code", "valid_from"], name="one_payer_per_cell_date"),
            models.UniqueConstraint(
                fields=["cell_code"], condition=Q(valid_to__isnull=True), name="one_open_payer_per_cell"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="payer_area_ends_later"
            ),
            models.CheckConstraint(condition=~Q(document_no=""), name="payer_area_has_document"),
        ]

    def __str__(self) -> str:
        return f"{self.cell_code} → {self.payer}"
