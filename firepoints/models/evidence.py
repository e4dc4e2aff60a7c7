"""Proof: photos and scans kept as sent, and the verification records that rest on them (C10, C11, policy.md §5)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock
from core.db.immutable import AppendOnlyModel
from firepoints.models.points import FirePoint
from firepoints.terms.states import Cause, Conclusion
from grids.models import Post


class Evidence(AppendOnlyModel):
    """One original file. The device makes the UUID and stores it before it sends: same UUID, same hash, same receipt.

    Device position, EXIF and both clocks stand side by side; none is trusted alone. Position is WGS-84 degrees.
    """

    class Kind(models.TextChoices):
        PHOTO = "photo", "照片"
        SCAN = "scan", "扫描件"
        TRACK = "track", "搜索轨迹"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="evidence")
    named_point = models.CharField("上报时所指火点", max_length=40, blank=True)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.PHOTO)
    stored_as = models.CharField(max_length=200)
    filename = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=40)
    width_px = models.PositiveIntegerField(null=True, blank=True)
    height_px = models.PositiveIntegerField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    accuracy_m = models.FloatField(null=True, blank=True)
    no_position_reason = models.CharField("没有定位的原因", max_length=200, blank=True)
    footprint_distance_m = models.FloatField("距像元（米，0 为像元内）", null=True, blank=True)
    exif = models.JSONField(default=dict, blank=True)
    exif_lon = models.FloatField(null=True, blank=True)
    exif_lat = models.FloatField(null=True, blank=True)
    device_at = models.DateTimeField(null=True, blank=True)
    server_at = models.DateTimeField(default=clock.now)
    caption = models.CharField(max_length=100, blank=True)
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        db_table = "fire_evidence"
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="photo") | Q(lon__isnull=False, lat__isnull=False) | ~Q(no_position_reason=""),
                name="photo_has_position_or_reason",
                violation_error_message="照片要有定位，或写明没有定位的原因",
            ),
        ]


class Verification(AppendOnlyModel):
    """核实记录: by the county's designated department, by the bureau itself, jointly, or entered from paper (代录)."""

    class Kind(models.TextChoices):
        COUNTY = "county", "县（区）核实"
        OWN = "own", "市局现场核实"
        JOINT = "joint", "联合核实"
        ON_BEHALF = "on_behalf", "代录"

    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="verifications")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    conclusion = models.CharField(max_length=5, choices=Conclusion.choices)
    cause = models.CharField(max_length=12, choices=Cause.choices, blank=True)
    note = models.CharField(max_length=500, blank=True)
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    post = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    signed_by = models.CharField("部门负责人签字", max_length=60, blank=True)
    county_code = models.CharField(max_length=20, blank=True)
    evidence = models.ManyToManyField(Evidence, related_name="verifications", db_table="fire_verification_ev")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_verification"
        constraints = [
            models.UniqueConstraint(fields=["point", "seq"], name="one_verification_per_seq"),
            models.CheckConstraint(
                condition=Q(conclusion="true") | (~Q(cause="") & ~Q(signed_by="")),
                name="negative_has_cause_and_sign",
                violation_error_message="查否要写明原因并有部门负责人签字",
            ),
        ]
