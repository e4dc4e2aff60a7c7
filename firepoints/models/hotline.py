"""举报 (C7): an intake register with numbers of its own and an outcome; who called is kept apart from all else."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock
from firepoints.models.imports import Detection


class HotlineReport(models.Model):
    """One report as it was taken in: its number (year-序号), the sighting that it brought, and how it ended.

    It names nobody: the caller is in `HotlineInformant`, read only through a journaled reveal.
    """

    class Outcome(models.TextChoices):
        OPEN = "", "办理中"
        CONFIRMED = "confirmed", "属实"
        UNFOUNDED = "unfounded", "不属实"
        DUPLICATE = "duplicate", "重复举报"
        ELSEWHERE = "elsewhere", "不属本市"
        UNCLEAR = "unclear", "无法核实"

    year = models.PositiveSmallIntegerField()
    seq = models.PositiveIntegerField()
    received_at = models.DateTimeField("受理时间", default=clock.now)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    detection = models.OneToOneField(Detection, models.PROTECT, related_name="hotline_report")
    outcome = models.CharField("结果", max_length=10, choices=Outcome.choices, blank=True)
    outcome_note = models.CharField("办理情况", max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        db_table = "fire_hotline_report"
        ordering = ["-year", "-seq"]
        constraints = [
            models.UniqueConstraint(fields=["year", "seq"], name="one_report_per_number"),
            models.CheckConstraint(
                condition=Q(outcome="", answered_at__isnull=True, answered_by__isnull=True)
                | (~Q(outcome="") & ~Q(outcome_note="") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="ended_report_says_how",
                violation_error_message="办结的举报要写明办理情况",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The register's number, e.g. 2023-0007."""
        return f"{self.year}-{self.seq:04d}"


class HotlineInformant(models.Model):
    """The informant of a 举报: who called, and where to call back. No list, export, API or entry reads this table."""

    report = models.OneToOneField(HotlineReport, models.PROTECT, related_name="informant")
    name = models.CharField("举报人", max_length=60, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)

    class Meta:
        db_table = "fire_hotline_informant"

    def __str__(self) -> str:
        return "举报人（不显示）"


class HotlineSeries(models.Model):
    """The last number given in a year; numbers are never reused."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "fire_hotline_series"

    def __str__(self) -> str:
        return f"{self.year}:{self.last}"
