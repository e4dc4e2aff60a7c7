"""A fire point is one 处: one burnt site, its state tied to its facts by CHECKs (C9–C12, policy.md §4)."""

from typing import Any, cast

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock, ways
from core.db.immutable import AppendOnlyModel
from firepoints.models.imports import Detection
from firepoints.terms import states
from firepoints.terms.cells import CellKey
from firepoints.terms.posting import OUTDATED, UNPOSTED
from firepoints.terms.scope import visible_points
from firepoints.terms.states import Basis, FinalBy, State


class FirePointQuerySet(models.QuerySet["FirePoint"]):
    def visible_to(self, user: Any) -> "FirePointQuerySet":
        """The points that `user` may see by the posts held today; nothing by default."""
        return cast("FirePointQuerySet", visible_points(self, user, PointCounty.objects.all()))


NEWEST = ["-burn_date", "-starts_at", "-id"]
"""The order of lists: a month is a part of it, so that no list of a month reads another one."""
DECIDED = Q(state__in=states.LIVE, counted__isnull=False)
FLAGGED = Q(state=State.SUSPECTED) & (Q(is_oversize=True) | Q(is_fixed_heat=True))
"""Suspicions that are not simply dispatched next: to be divided, or on fixed heat."""


class FirePoint(models.Model):
    """One 处. `county_code` is empty while nobody owns it (跨界 or disputed, until the joint record, C11)."""

    number = models.CharField("编号", max_length=30, unique=True, null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.SUSPECTED)
    version = models.PositiveIntegerField(default=1)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    precision = models.CharField(max_length=8)
    burn_date = models.DateField("起火日期（北京）")
    lon = models.FloatField()
    lat = models.FloatField()
    # The database works it out, so that whatever moves a point moves it on the map too.
    cell = models.GeneratedField(
        expression=CellKey("lon", "lat"), output_field=models.BigIntegerField(), db_persist=True
    )
    county_code = models.CharField(max_length=20, blank=True)
    township_code = models.CharField(max_length=20, blank=True)
    village_code = models.CharField(max_length=20, blank=True, db_index=True)
    group_code = models.CharField(max_length=20, blank=True)
    attribution = models.ForeignKey("Attribution", models.PROTECT, null=True, blank=True, related_name="+")
    verification = models.ForeignKey("Verification", models.PROTECT, null=True, blank=True, related_name="+")
    recognition = models.ForeignKey("Recognition", models.PROTECT, null=True, blank=True, related_name="+")
    # Written by the ledger alone, from its own rows, whenever it posts: the claim of an act (`version`) knows nothing of it.
    posted_recognition = models.ForeignKey(
        "Recognition", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    is_cross = models.BooleanField("跨界", default=False)
    is_oversize = models.BooleanField("待人工划分", default=False)
    is_fixed_heat = models.BooleanField("固定热源提示", default=False)
    counted = models.BooleanField("计入", null=True, blank=True)
    due_at = models.DateTimeField("期限（设置）", null=True, blank=True)
    objection_until = models.DateTimeField(null=True, blank=True)
    final_at = models.DateTimeField(null=True, blank=True)
    final_by = models.CharField(max_length=8, choices=FinalBy.choices, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_points")
    closed_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    objects = FirePointQuerySet.as_manager()

    class Meta:
        db_table = "fire_point"
        ordering = ["-starts_at", "-id"]
        indexes = [
            models.Index(fields=["-starts_at", "-id"], name="point_list_ix"),
            models.Index(fields=["cell", "burn_date"], name="point_cell_date_ix"),
            models.Index(fields=NEWEST, name="point_days_ix"),
            models.Index(fields=NEWEST, condition=Q(state__in=states.LIVE), name="point_live_ix"),
            models.Index(fields=["state", *NEWEST], name="point_state_days_ix"),
            models.Index(fields=["county_code", *NEWEST], name="point_county_days_ix"),
            models.Index(fields=["township_code", *NEWEST], name="point_township_days_ix"),
            models.Index(fields=["counted", *NEWEST], condition=DECIDED, name="point_decided_ix"),
            # What is open, apart from history: each holds only what somebody still has to do.
            models.Index(fields=["created_at"], condition=Q(state=State.SUSPECTED), name="point_suspected_ix"),
            models.Index(fields=["id"], condition=FLAGGED, name="point_flagged_ix"),
            models.Index(fields=["id"], condition=Q(is_oversize=True), name="point_oversize_ix"),
            models.Index(fields=["due_at"], condition=Q(state=State.DISPATCHED), name="point_due_ix"),
            models.Index(fields=["objection_until"], condition=Q(state=State.OBJECTION), name="point_window_ix"),
            models.Index(fields=["final_at"], condition=UNPOSTED, name="point_unposted_ix"),
            models.Index(fields=["posted_recognition"], condition=OUTDATED, name="point_outdated_ix"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="point_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=states.UNDECIDED) | Q(recognition__isnull=True, counted__isnull=True),
                name="undecided_point_has_no_decision",
                violation_error_message="还没有认定的火点不能有认定结果",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=states.NUMBERED) | Q(number__isnull=False),
                name="point_numbered",
                violation_error_message="派发后的火点必须有编号",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=states.OWNED) | (~Q(county_code="") & Q(attribution__isnull=False)),
                name="point_owned",
                violation_error_message="派发后的火点必须有属地县（区）",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.JOINT) | Q(county_code=""),
                name="joint_point_owned_by_nobody",
                violation_error_message="联合核实前不归任何县（区）（四(一)）",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=states.PROVED) | Q(verification__isnull=False),
                name="proved_point_has_record",
                violation_error_message="没有核实记录，不能认定（四(一)）",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=states.DECIDED) | Q(recognition__isnull=False, counted__isnull=False),
                name="decided_point_has_decision",
                violation_error_message="没有认定记录（二）",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=states.COUNTED_ONLY) | Q(counted=True), name="only_counted_points_go_on"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.OBJECTION) | Q(objection_until__isnull=False), name="objection_has_end"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.FINAL) | (Q(final_at__isnull=False) & ~Q(final_by="")), name="final_has_ground"
            ),
            models.CheckConstraint(
                condition=(Q(state=State.MERGED) & Q(merged_into__isnull=False))
                | (~Q(state=State.MERGED) & Q(merged_into__isnull=True)),
                name="merged_names_survivor",
            ),
            models.CheckConstraint(condition=~Q(state=State.CLOSED) | ~Q(closed_reason=""), name="closed_has_reason"),
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="point_interval_ordered"),
        ]

    def __str__(self) -> str:
        return self.number or f"疑似-{self.pk}"


class PointCounty(models.Model):
    """A county that owns, owned or may own the point: the ground for its being allowed to see it."""

    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="counties")
    county_code = models.CharField(max_length=20)
    share = models.FloatField("像元占比", default=0)

    class Meta:
        db_table = "fire_point_county"
        constraints = [models.UniqueConstraint(fields=["point", "county_code"], name="one_row_per_point_county")]
        indexes = [models.Index(fields=["county_code"], name="point_county_ix")]

    def __str__(self) -> str:
        return f"{self.point_id}:{self.county_code}"


class Membership(models.Model):
    """A detection that a point gathers, and why. A detection belongs to at most one point at a time."""

    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="memberships")
    detection = models.ForeignKey(Detection, models.PROTECT, related_name="memberships")
    is_active = models.BooleanField(default=True)
    why = models.CharField("归并依据", max_length=300, blank=True)
    joined_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_membership"
        constraints = [
            models.UniqueConstraint(fields=["detection"], condition=Q(is_active=True), name="detection_in_one_point")
        ]

    def __str__(self) -> str:
        return f"{self.point_id}:{self.detection_id}"


class Step(AppendOnlyModel):
    """One transition that happened: a row of the transition table, for ever."""

    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="steps")
    seq = models.PositiveIntegerField()
    action = models.CharField(max_length=30)
    from_state = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField(default=clock.now)
    reason = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict, blank=True)
    # As on the entry of the act; empty on steps of before.
    way = models.CharField("途径", max_length=10, choices=list(ways.LABELS.items()), default="", blank=True)
    way_by = models.CharField("途径说明", max_length=ways.LONGEST, default="", blank=True)

    class Meta:
        db_table = "fire_step"
        ordering = ["point", "seq"]
        constraints = [models.UniqueConstraint(fields=["point", "seq"], name="one_step_per_seq")]


class DividedPoint(AppendOnlyModel):
    """A point of which a step says what is one site there and what is another: a division, a merge taken back, a 核对.

    The grouping looks these up by point, whatever the length of the history.
    """

    step = models.ForeignKey(Step, models.PROTECT, related_name="divided_points")
    # The unique index begins with it.
    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="divisions", db_index=False)

    class Meta:
        db_table = "fire_divided_point"
        constraints = [models.UniqueConstraint(fields=["point", "step"], name="one_row_per_point_division")]

    def __str__(self) -> str:
        return f"{self.step_id}:{self.point_id}"


class Recognition(AppendOnlyModel):
    """认定: the bureau's decision with everything that the money will rest on, pinned (C9, C12).

    The person who verified cannot be the person who recognises: held by a CHECK, not by a form.
    """

    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="recognitions")
    seq = models.PositiveIntegerField()
    counted = models.BooleanField()
    reason = models.CharField(max_length=500)
    verification = models.ForeignKey("Verification", models.PROTECT, related_name="+")
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recognised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    attribution = models.ForeignKey("Attribution", models.PROTECT, related_name="+")
    payer_code = models.CharField(max_length=20)
    payer_name = models.CharField(max_length=80)
    burn_date = models.DateField()
    basis = models.CharField(max_length=10, choices=Basis.choices, blank=True)
    charged_detection = models.ForeignKey(Detection, models.PROTECT, null=True, blank=True, related_name="+")
    rule_ref = models.CharField("规则版本", max_length=60, blank=True)
    amount_fen = models.BigIntegerField("认定时规则金额（分）", default=0)
    rulings = models.JSONField("裁定版本", default=dict)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_recognition"
        constraints = [
            models.UniqueConstraint(fields=["point", "seq"], name="one_recognition_per_seq"),
            models.CheckConstraint(
                condition=~Q(verified_by=F("recognised_by")),
                name="another_person_recognises",
                violation_error_message="核实人不能认定同一火点",
            ),
            models.CheckConstraint(
                condition=Q(counted=False) | (~Q(basis="") & Q(charged_detection__isnull=False)),
                name="counted_has_basis",
                violation_error_message="计入必须有一个可扣缴的来源（四(二)）",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="recognition_has_reason"),
            models.CheckConstraint(condition=~Q(payer_code=""), name="recognition_has_payer"),
        ]
        # Decided while no rule was loaded: the only ones whose rule is chosen anew with every building.
        indexes = [
            models.Index(fields=["point"], condition=Q(counted=True, rule_ref=""), name="recognition_unpinned_ix")
        ]


class FormerNumber(AppendOnlyModel):
    """A number that a point gave up when its burning date moved to another year; it leads to the point and is given to no
    other."""

    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="former_numbers")
    number = models.CharField(max_length=30, unique=True)
    year = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_former_number"

    def __str__(self) -> str:
        return self.number


class NumberSeries(models.Model):
    """The last number given in a year; numbers are given at dispatch and never reused."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "fire_number_series"

    def __str__(self) -> str:
        return f"{self.year}:{self.last}"
