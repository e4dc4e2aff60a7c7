"""Days on which burning is punished more severely, while the deduction stays the same (C16)."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock


class SpecialPeriod(models.Model):
    """重污染天气应急期间 or 重大活动期间, from a Beijing date up to another (exclusive), with its document."""

    class Kind(models.TextChoices):
        POLLUTION = "pollution", "重污染天气应急期间"
        EVENT = "event", "重大活动期间"

    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    name = models.CharField("名称", max_length=80)
    starts = models.DateField("自（北京日期）")
    ends = models.DateField("至（不含）")
    document_no = models.CharField("依据", max_length=80)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField("撤销原因", max_length=200, blank=True)

    class Meta:
        db_table = "fire_special_period"
        ordering = ["-starts", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="special_period_ends_after_start"),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | ~Q(void_reason=""), name="voided_period_has_reason"
            ),
            models.CheckConstraint(condition=~Q(document_no=""), name="special_period_has_document"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"

    @classmethod
    def on(cls, day: date) -> list[SpecialPeriod]:
        """The periods in force on a Beijing date."""
        return list(cls.objects.filter(voided_at__isnull=True, starts__lte=day, ends__gt=day))
