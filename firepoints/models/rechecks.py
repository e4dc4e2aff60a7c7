"""复查: records of a county that the bureau visits again, drawn by lot on record, with what was found (policy.md §5)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock
from core.db.immutable import AppendOnlyModel
from firepoints.models.evidence import Evidence, Verification
from firepoints.models.points import FirePoint
from firepoints.terms.states import Conclusion


class RecheckDraw(AppendOnlyModel):
    """One lot over the records of some days: the seed, the journal head that it comes from, and of what it was drawn, so
    that anybody can draw it again. `population` = {county: {"false": [ids], "true": [ids], "shares": [false, true]}}.

    A draw after a contradiction takes every denial of one county and has no seed.
    """

    class Kind(models.TextChoices):
        LOT = "lot", "抽取"
        AFTER = "after", "复查相反后全查"

    kind = models.CharField(max_length=5, choices=Kind.choices)
    until = models.DateTimeField("抽到什么时候报的")
    seed = models.CharField("种子", max_length=64, blank=True)
    head = models.CharField("日志链头", max_length=64, blank=True)
    population = models.JSONField(default=dict)
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_recheck_draw"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["until"], condition=Q(kind="lot"), name="one_lot_until"),
            models.CheckConstraint(condition=~Q(kind="lot") | (~Q(seed="") & ~Q(head="")), name="lot_has_seed"),
        ]


class Recheck(AppendOnlyModel):
    """A record that was drawn: the point is visited again by the bureau."""

    draw = models.ForeignKey(RecheckDraw, models.PROTECT, related_name="rechecks")
    verification = models.OneToOneField(Verification, models.PROTECT, related_name="recheck")
    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="rechecks")
    county_code = models.CharField(max_length=20, db_index=True)
    conclusion = models.CharField(max_length=5, choices=Conclusion.choices)

    class Meta:
        db_table = "fire_recheck"
        ordering = ["pk"]


class RecheckVisit(AppendOnlyModel):
    """What the bureau found at a record that was drawn: one visit for each. `unclear`: the place no longer says."""

    class Finding(models.TextChoices):
        TRUE = "true", "属实"
        FALSE = "false", "不属实"
        UNCLEAR = "unclear", "看不清了"

    recheck = models.OneToOneField(Recheck, models.PROTECT, related_name="visit")
    finding = models.CharField(max_length=7, choices=Finding.choices)
    is_contradiction = models.BooleanField("与县（区）结论相反")
    note = models.CharField(max_length=500)
    evidence = models.ManyToManyField(Evidence, related_name="+", db_table="fire_recheck_visit_ev")
    visited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_recheck_visit"
        constraints = [
            models.CheckConstraint(condition=~Q(note=""), name="recheck_visit_has_note"),
            models.CheckConstraint(
                condition=~Q(finding="unclear") | Q(is_contradiction=False), name="unclear_contradicts_nothing"
            ),
        ]
