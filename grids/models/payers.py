"""Payers, and the ground for which each pays, apart from the borders (policy.md §2e)."""

from django.db import models
from django.db.models import F, Q


class Payer(models.Model):
    """A government that can be charged (属地县(区)政府, or a unit such as 高新区 by ruling), and the dates between which the
    finance table lists it (null = always)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    group = models.CharField("小计组", max_length=20, blank=True)
    position = models.PositiveSmallIntegerField("表内次序", default=0)
    valid_from = models.DateField("自哪天起列入", null=True, blank=True)
    valid_to = models.DateField("到哪天止（不含）", null=True, blank=True)

    class Meta:
        db_table = "grids_payer"
        ordering = ["position", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="payer_ends_later",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Succession(models.Model):
    """A county code that another continues: from a Beijing date on both codes are one government (policy.md §2e)."""

    old_code = models.CharField("原代码", max_length=20, unique=True)
    new_code = models.CharField("新代码", max_length=20)
    new_name = models.CharField("新代码的名称", max_length=80, blank=True)
    valid_from = models.DateField("自哪天起")
    document_no = models.CharField("批准文件", max_length=80)

    class Meta:
        db_table = "grids_succession"
        ordering = ["valid_from", "old_code"]
        constraints = [
            models.CheckConstraint(condition=~Q(old_code=F("new_code")), name="succession_to_another_code"),
            models.CheckConstraint(condition=~Q(document_no=""), name="succession_has_document"),
        ]

    def __str__(self) -> str:
        return f"{self.old_code} → {self.new_code}"


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
