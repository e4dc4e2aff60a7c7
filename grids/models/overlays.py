"""Places with a meaning of their own, apart from who answers: each is a hint on a point, never an exemption (C1, C15)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock


class Overlay(models.Model):
    """One place of one kind, in force between two Beijing dates; geometry is WGS-84 WKB (lon, lat) with its bounds.

    A proposal (a fixed heat source found in the history of sightings) means nothing until a person accepts it. What was
    accepted is ended by a date, never deleted: a hint of an old fire must stay explicable.
    """

    class Kind(models.TextChoices):
        BUILT_UP = "built_up", "建成区"
        FOREST = "forest", "林区"
        KEY_AREA = "key_area", "重点区域"
        FIXED_HEAT = "fixed_heat", "固定热源"
        CROPLAND = "cropland", "耕地"
        PERMITTED = "permitted", "批准的计划烧除"

    class State(models.TextChoices):
        PROPOSED = "proposed", "待确认"
        ACCEPTED = "accepted", "已确认"
        REJECTED = "rejected", "不采用"

    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    name = models.CharField("名称", max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACCEPTED)
    geometry = models.BinaryField()
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    valid_from = models.DateField("自（北京日期）")
    valid_to = models.DateField("至（不含）", null=True, blank=True)
    document_no = models.CharField("依据", max_length=80, blank=True)
    note = models.CharField(max_length=200, blank=True)
    load = models.UUIDField("导入批", default=uuid.uuid4, db_index=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "grids_overlay"
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="overlay_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | Q(decided_by__isnull=False), name="overlay_is_decided_by_someone"
            ),
        ]
        indexes = [models.Index(fields=["state", "kind", "west"], name="overlay_place_ix")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"
