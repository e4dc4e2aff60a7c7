"""Files in, sightings out: runs, raw rows with their one outcome each, and immutable detections (policy.md §6)."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q
from django.db.models.functions import Coalesce

from core import clock
from core.db.immutable import AppendOnlyModel
from firepoints.models.sources import Source
from firepoints.terms.satellite_keys import satellite_base
from grids.models import Edition


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def at_work(self) -> "ImportRunQuerySet":
        """The run whose turn it is: at most one, by a UNIQUE."""
        return self.filter(turn__isnull=False)

    def in_force(self) -> "ImportRunQuerySet":
        """Those whose rows count, whether or not all their points are formed yet."""
        phases = ("", ImportRun.Phase.GROUPING)
        return self.filter(state=ImportRun.State.COMMITTED, phase__in=phases)

    def of_this_file(self, source: Source, sha256: str) -> "ImportRunQuerySet":
        """Those that brought a file of this content under this source."""
        return self.filter(source=source, sha256=sha256)

    def read_in_full_by(self, readers: int) -> "ImportRunQuerySet":
        """Those that the readers of this version read themselves; the others only repeat a run, or were read less well."""
        return self.filter(repeats__isnull=True, options__readers=readers)

    def without_rows_of(self, codes: Iterable[str]) -> "ImportRunQuerySet":
        """Those that set no row aside for one of these reasons."""
        return self.exclude(Exists(RawRow.objects.filter(run=OuterRef("pk"), code__in=list(codes))))

    def still_true(self) -> "ImportRunQuerySet":
        """Those since which no boundaries were activated, and no import was taken back or corrected."""
        activated = Edition.objects.filter(activated_at__gte=OuterRef("started_at"))
        withdrawn = ImportRun.objects.filter(
            withdrawn_at__gte=Coalesce(OuterRef("committed_at"), OuterRef("started_at"))
        )
        corrected = ImportRun.objects.filter(supersedes__isnull=False, started_at__gte=OuterRef("started_at"))
        return self.exclude(Exists(activated) | Exists(withdrawn) | Exists(corrected.exclude(pk=OuterRef("pk"))))


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run: the words for its phase, `done` of `total` in that phase, when that was written, and whether
    its worker has been silent for longer than its lease (then the next one, or the sweep, takes it up)."""

    words: str
    done: int
    total: int
    at: datetime | None
    is_over: bool
    is_silent: bool

    @property
    def percent(self) -> int:
        return 100 if self.is_over else (min(99, 100 * self.done // self.total) if self.total else 0)


class ImportRun(models.Model):
    """One reading of one file. Counts: the five outcomes add up to `rows`; titles, totals and notes are `notes`.

    A run waits, loads chunk by chunk (nobody sees any of it), and is committed in one short transaction: then all its
    rows are in force. What follows in pieces, forming points or taking back a withdrawn run, has a `phase` too. While it
    has one the run holds the turn; `attempt` is the fence: whoever lost it changes nothing.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "等待导入"
        LOADING = "loading", "载入中"
        COMMITTED = "committed", "已入库"
        FAILED = "failed", "失败"
        WITHDRAWN = "withdrawn", "已撤回"

    class Phase(models.TextChoices):
        NONE = "", "—"
        READING = "reading", "读取文件"
        STORING = "storing", "入库"
        GROUPING = "grouping", "归并成火点"
        RELEASING = "releasing", "撤回"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="runs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    filename = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.BigIntegerField(default=0)
    stored_as = models.CharField(max_length=200, blank=True)
    datum = models.CharField(max_length=10)
    mapping = models.JSONField(default=dict, blank=True)
    options = models.JSONField("读法", default=dict, blank=True)
    issuer = models.CharField("发布单位", max_length=80, blank=True)
    period = models.CharField("期次", max_length=40, blank=True)
    list_no = models.CharField("清单号", max_length=80, blank=True)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="corrections")
    repeats = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="repetitions")
    rows = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    identical = models.PositiveIntegerField(default=0)
    superseded = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    outside = models.PositiveIntegerField(default=0)
    notes = models.PositiveIntegerField(default=0)
    points = models.PositiveIntegerField("涉及火点", default=0)
    counties = models.JSONField("各县入库行数", default=dict, blank=True)
    header = models.JSONField("表头", default=list, blank=True)
    digest = models.CharField("各块摘要的摘要", max_length=64, blank=True)
    error = models.TextField(blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField(default=clock.now)
    committed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.NONE, blank=True)
    turn = models.PositiveSmallIntegerField(null=True, blank=True, unique=True, editable=False)
    attempt = models.PositiveIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    chunks = models.PositiveIntegerField("已入库的块", default=0, editable=False)
    done = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    progress_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ImportRunQuerySet.as_manager()

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
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "loading", "committed", "failed", "withdrawn"]),
                name="run_state_known",
            ),
            models.CheckConstraint(
                condition=Q(turn__isnull=True, phase="", lease_until__isnull=True)
                | (Q(turn=1, lease_until__isnull=False) & ~Q(phase="")),
                name="phase_needs_the_turn",
            ),
            models.CheckConstraint(
                condition=Q(phase="")
                | Q(state="loading", phase__in=["reading", "storing"])
                | Q(state="committed", phase="grouping")
                | Q(state="withdrawn", phase="releasing")
                | Q(state="failed", phase="releasing"),
                name="phase_fits_state",
            ),
            models.CheckConstraint(condition=~Q(state="loading") | ~Q(phase=""), name="loading_has_phase"),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="failed_run_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.filename}（{self.get_state_display()}）"

    @property
    def progress(self) -> Progress:
        """How far it is, for the page and the terminal; read the row anew to see it move (written at most 1/s)."""
        return Progress(
            words=str(self.Phase(self.phase).label if self.phase else self.get_state_display()),
            done=self.done,
            total=self.total,
            at=self.progress_at,
            is_over=self.is_over,
            is_silent=bool(self.lease_until and self.lease_until < clock.real_now()),
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do for this run: its points are formed, or it failed, or it was taken back."""
        return self.state not in (self.State.WAITING, self.State.LOADING) and not self.phase


PER_DEGREE = 50
"""Cells of the index of places along a degree: some two kilometres."""


def place_cell(coordinate: Any, **options: Any) -> Func:
    """The whole number of a coordinate's cell; of two databases one rounds and one cuts off, so that a reader asks for one
    cell more on each side (`firepoints.sightings.near`)."""
    return Func(coordinate, template=f"CAST(%(expressions)s * {PER_DEGREE} AS integer)", **options)


class Detection(AppendOnlyModel):
    """One sighting as it was read: immutable. Coordinates WGS-84 degrees beside the numbers as given and their datum."""

    class Kind(models.TextChoices):
        SATELLITE = "satellite", "卫星"
        FIRE = "fire", "明火"
        SCAR = "scar", "黑斑"

    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="detections")
    row_no = models.PositiveIntegerField()
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=300)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    satellite = models.CharField(max_length=20, blank=True)
    instrument = models.CharField(max_length=20, blank=True)
    version = models.CharField(max_length=20, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    precision = models.CharField(max_length=8)
    beijing_date = models.DateField()
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
    accuracy_m = models.FloatField("现场定位精度（米）", null=True, blank=True)
    is_nominal = models.BooleanField("示意像元", default=False)
    is_outside = models.BooleanField(default=False)
    is_edge = models.BooleanField(default=False)
    edition = models.ForeignKey(Edition, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
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
        indexes = [
            models.Index(fields=["starts_at"], name="detection_time_ix"),
            models.Index(fields=["source"], name="detection_source_ix"),
            models.Index(
                place_cell(F("lat"), output_field=IntegerField()),
                place_cell(F("lon"), output_field=IntegerField()),
                F("ends_at"),
                F("starts_at"),
                name="detection_place_ix",
            ),
        ]


class DetectionKey(models.Model):
    """The identity of a detection among runs in force. A run that is loading reserves its keys; withdrawing one, or its
    failure, removes them, so the right import can follow.

    `base_key` is NULL where the key itself says it (`sources.keys.satellite_base`): a million satellite rows need no
    second text and no second index.
    """

    detection = models.OneToOneField(Detection, models.PROTECT, primary_key=True, related_name="live_key")
    key = models.CharField(max_length=300)
    base_key = models.CharField(max_length=300, null=True, blank=True)
    rank = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "fire_detection_key"
        # Named, not `unique=True` on the column: that would add a second index for LIKE on PostgreSQL.
        constraints = [models.UniqueConstraint(fields=["key"], name="one_live_key")]
        indexes = [models.Index(fields=["base_key"], condition=Q(base_key__isnull=False), name="detection_base_key_ix")]

    def __str__(self) -> str:
        return self.key

    @property
    def base(self) -> str:
        """The part of the key that is equal for all versions of one row."""
        return satellite_base(self.key) if self.base_key is None else self.base_key


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


class OutcomeCode(IntEnum):
    """The numbers by which the body of a RawChunk holds outcomes. They are stored: none is ever changed or given again."""

    KEPT = 0
    IDENTICAL = 1
    SUPERSEDED = 2
    QUARANTINED = 3
    OUTSIDE = 4


OUTCOME_OF: dict[int, RawRow.Outcome] = {code: RawRow.Outcome[code.name] for code in OutcomeCode}


class RawChunk(AppendOnlyModel):
    """Some thousand rows of a large file as they stood, packed, with what became of each (`firepoints/sightings/packed.py` reads
    it). Rows that somebody must look at, and all rows of small files, are `RawRow`s as well or instead.

    `counts`: outcome → rows in this chunk. `body`: an Arrow stream of row_no, outcome (OutcomeCode), detection,
    raw.
    """

    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="raw_chunks", db_index=False)
    seq = models.PositiveIntegerField()
    first_row = models.PositiveIntegerField()
    last_row = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    counts = models.JSONField()
    body = models.BinaryField()
    digest = models.CharField(max_length=64)

    class Meta:
        db_table = "fire_raw_chunk"
        constraints = [
            models.UniqueConstraint(fields=["run", "seq"], name="one_chunk_per_seq"),
            models.CheckConstraint(condition=Q(last_row__gte=F("first_row")), name="chunk_rows_ordered"),
        ]
