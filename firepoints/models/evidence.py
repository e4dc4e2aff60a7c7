"""Proof: photos and scans kept as sent, and the verification records that rest on them (C10, C11, policy.md §5)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock
from core.db.immutable import AppendOnlyModel
from firepoints.models.points import FirePoint
from firepoints.terms.states import Cause, Conclusion
from grids.models import Post


class Evidence(AppendOnlyModel):
    """One original file. The device makes the UUID and stores it before it sends: same UUID, same hash, same receipt.

    Device position, EXIF and both clocks stand side by side; none is trusted alone. Position is WGS-84 degrees. The
    difference hash of a photo and its four bands find pictures that are nearly the same (`evidence.likeness`).
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
    searched_share = models.FloatField("轨迹覆盖像元的比例", null=True, blank=True)
    picture_hash = models.BigIntegerField("画面指纹", null=True, blank=True)
    band_1 = models.PositiveIntegerField(null=True, blank=True, db_index=True)
    band_2 = models.PositiveIntegerField(null=True, blank=True, db_index=True)
    band_3 = models.PositiveIntegerField(null=True, blank=True, db_index=True)
    band_4 = models.PositiveIntegerField(null=True, blank=True, db_index=True)
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
    """核实记录: by the county's designated department, by the bureau itself, jointly, or entered from paper (代录).

    What burnt is as the verifier saw it: area in 亩, position in WGS-84 degrees, how many sites, whether the black is new.
    """

    class Kind(models.TextChoices):
        COUNTY = "county", "县（区）核实"
        OWN = "own", "市局现场核实"
        JOINT = "joint", "联合核实"
        ON_BEHALF = "on_behalf", "代录"

    class MeasuredBy(models.TextChoices):
        WALKED = "walked", "绕地块走一圈"
        DRAWN = "drawn", "在图上勾画"
        ESTIMATED = "estimated", "目测估计"

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
    burnt_mu = models.DecimalField("过火面积（亩）", max_digits=9, decimal_places=2, null=True, blank=True)
    measured_by = models.CharField("面积怎么量的", max_length=10, choices=MeasuredBy.choices, blank=True)
    crop = models.CharField("作物", max_length=20, blank=True)
    fire_lon = models.FloatField(null=True, blank=True)
    fire_lat = models.FloatField(null=True, blank=True)
    sites = models.PositiveSmallIntegerField("有几处", null=True, blank=True)
    is_new = models.BooleanField("黑斑是新烧的", null=True, blank=True)
    arrived_at = models.DateTimeField("到场时间", null=True, blank=True)
    out_at = models.DateTimeField("扑灭时间", null=True, blank=True)
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
            models.CheckConstraint(
                condition=Q(burnt_mu__isnull=True) | Q(burnt_mu__gt=0) & ~Q(measured_by=""),
                name="burnt_area_has_measure",
                violation_error_message="过火面积要写明怎么量的",
            ),
            models.CheckConstraint(
                condition=Q(fire_lon__isnull=True, fire_lat__isnull=True)
                | Q(fire_lon__isnull=False, fire_lat__isnull=False),
                name="fire_position_whole",
            ),
            models.CheckConstraint(condition=Q(sites__isnull=True) | Q(sites__gte=1), name="verified_sites_counted"),
            models.CheckConstraint(
                condition=Q(arrived_at__isnull=True) | Q(out_at__isnull=True) | Q(out_at__gte=F("arrived_at")),
                name="out_after_arrival",
                violation_error_message="扑灭不会早于到场",
            ),
        ]

    @property
    def area_mu(self) -> float | None:
        """The burnt area in 亩 as a rule looks at it (`policy.pins.PointFacts`)."""
        return None if self.burnt_mu is None else float(self.burnt_mu)
