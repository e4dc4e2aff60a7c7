"""Reattributions by a correcting edition: a proposal per point, which a person takes up or leaves (C2, C11)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock
from firepoints.models.attributions import Attribution
from firepoints.models.points import FirePoint
from grids.models import Edition


class Reattribution(models.Model):
    """By this edition the point would lie elsewhere: `chain` {level: code}, `names` {level: name}.

    No 认定 is changed by it; the attribution that it looked at stays on file whatever is decided.
    """

    class State(models.TextChoices):
        OPEN = "open", "待处理"
        ACCEPTED = "accepted", "已采用"
        REJECTED = "rejected", "不采用"

    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="reattributions")
    attribution = models.ForeignKey(Attribution, models.PROTECT, related_name="+")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    chain = models.JSONField(default=dict)
    names = models.JSONField(default=dict)
    is_other_county = models.BooleanField("县（区）不同")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=200, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_reattribution"
        ordering = ["-is_other_county", "id"]
        indexes = [models.Index(fields=["state", "id"], name="reattribution_state_ix")]
        constraints = [
            models.UniqueConstraint(fields=["point", "edition"], name="one_proposal_per_edition"),
            models.CheckConstraint(
                condition=Q(state="open") | (Q(decided_by__isnull=False) & ~Q(reason="")),
                name="decided_proposal_says_who_and_why",
            ),
        ]
