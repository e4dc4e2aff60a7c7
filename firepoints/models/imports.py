"""Files in, sightings out: runs, raw rows with their one outcome each, and immutable detections (policy.md §6)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from firepoints.models.sources import Source
from grids.models import Edition
from journal import clock
from journal.immutable import AppendOnlyModel


class ImportRun(models.Model):
    """One reading of one file. Counts: the five outcomes add up to `rows`; titles, totals and notes are `notes`."""

    class State(models.TextChoices):
        LOADING = "loading", "载入中"
        COMMITTED = "committed", "已入库"
        FAILED = "failed", "失败"
        WITHDRAWN = "withdrawn", "已撤回"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="runs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.LOADING)
    filename = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.BigIntegerField(default=0)
    stored_as = models.CharField(max_length=200, blank=True)
    datum = models.CharField(max_length=10)
    mapping = models.JSONField(default=dict, blank=True)
    issuer = models.CharField("发布单位", max_length=80, blank=True)
    period = models.CharField("期次", max_length=40, blank=True)
    list_no = models.CharField("清单号", max_length=80, blank=True)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="corrections")
    rows = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    identical = models.PositiveIntegerField(default=0)
    superseded = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    outside = models.PositiveIntegerField(default=0)
    notes = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField(default=clock.now)
    committed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "fire_import_run"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["committed", "withdrawn"])
                | Q(rows=F("kept") + F("identical") + F("superseded") + F("quarantined") + F("outside")),
                name="outcomes_add_up_to_rows",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="withdrawn_run_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.filename}（{self.get_state_display()}）"


class Detection(AppendOnlyModel):
    """One sighting as it was read: immutable. Coordinates WGS-84 degrees beside the numbers as given and their datum."""

    class Kind(models.TextChoices):
        SATELLITE = "satellite", "卫星"
        FIRE = "fire", "明火"
        SCAR = "scar", "黑斑"

    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="detections")
    row_no = models.PositiveIntegerField()
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    key = models.CharField(max_length=300, db_index=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    satellite = models.CharField(max_length=20, blank=True)
    instrument = models.CharField(max_length=20, blank=True)
    version = models.CharField(max_length=20, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    precision = models.CharField(max_length=8)
    beijing_date = models.DateField(db_index=True)
    lon = models.FloatField()
    lat = models.FloatField()
    given_lon = models.CharField(max_length=40)
    given_lat = models.CharField(max_length=40)
    datum = models.CharField(max_length=10)
    scan_km = models.FloatField(null=True, blank=True)
    track_km = models.FloatField(null=True, blank=True)
    frp_mw = models.FloatField(null=True, blank=True)
    confidence = models.CharField(max_length=20, blank=True)
    stated_county = models.CharField(max_length=80, blank=True)
    is_nominal = models.BooleanField("示意像元", default=False)
    is_outside = models.BooleanField(default=False)
    is_edge = models.BooleanField(default=False)
    edition = models.ForeignKey(Edition, models.PROTECT, null=True, blank=True, related_name="+")
    county_code = models.CharField(max_length=20, blank=True)
    leaf_code = models.CharField(max_length=20, blank=True)

    class Meta:
        db_table = "fire_detection"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="detection_interval_ordered"),
            models.CheckConstraint(
                condition=Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90), name="detection_on_earth"
            ),
        ]
        indexes = [models.Index(fields=["starts_at"], name="detection_time_ix")]


class DetectionKey(models.Model):
    """The identity of a detection among live runs. Withdrawing a run removes its keys, so the right import can follow."""

    key = models.CharField(max_length=300, unique=True)
    base_key = models.CharField(max_length=300, db_index=True)
    rank = models.PositiveIntegerField(default=0)
    detection = models.OneToOneField(Detection, models.PROTECT, related_name="live_key")

    class Meta:
        db_table = "fire_detection_key"

    def __str__(self) -> str:
        return self.key


class Supersession(AppendOnlyModel):
    """`newer` replaces `older` (a newer processing version, or a corrected list). Nothing that was charged is re-keyed."""

    older = models.ForeignKey(Detection, models.PROTECT, related_name="superseded_by")
    newer = models.ForeignKey(Detection, models.PROTECT, related_name="supersedes")
    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="+")

    class Meta:
        db_table = "fire_supersession"
        constraints = [models.UniqueConstraint(fields=["older", "newer"], name="one_supersession_per_pair")]


class RawRow(AppendOnlyModel):
    """One row of a file as it stood, and what became of it."""

    class Outcome(models.TextChoices):
        KEPT = "kept", "入库"
        IDENTICAL = "identical", "相同"
        SUPERSEDED = "superseded", "已被替代"
        QUARANTINED = "quarantined", "隔离"
        OUTSIDE = "outside", "界外"
        NOTE = "note", "不是数据"

    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="raw_rows")
    sheet = models.CharField(max_length=60, blank=True)
    row_no = models.PositiveIntegerField()
    column = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    raw = models.TextField()
    detection = models.ForeignKey(Detection, models.PROTECT, null=True, blank=True, related_name="raw_rows")

    class Meta:
        db_table = "fire_raw_row"
        constraints = [models.UniqueConstraint(fields=["run", "sheet", "row_no"], name="one_outcome_per_row")]
        indexes = [models.Index(fields=["run", "outcome"], name="raw_row_outcome_ix")]
