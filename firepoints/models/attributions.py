"""The attribution of a fire: five codes and the people of that date, appended and never rewritten (C2)."""

from django.conf import settings
from django.db import models

from core import clock
from core.db.immutable import AppendOnlyModel
from firepoints.models.points import FirePoint
from grids.models import Edition, Post
from grids.roles import LEVEL_LABELS


class Attribution(AppendOnlyModel):
    """Where a point lies, by one edition, at one moment. `candidates` = [{"code", "name", "share"}] of the footprint."""

    class Method(models.TextChoices):
        CENTRE = "centre", "像元中心"
        JOINT = "joint", "联合核实"
        PERSON = "person", "人工更正"

    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="attributions")
    seq = models.PositiveIntegerField()
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    is_before_first_edition = models.BooleanField(default=False)
    method = models.CharField(max_length=8, choices=Method.choices, default=Method.CENTRE)
    lon = models.FloatField()
    lat = models.FloatField()
    city_code = models.CharField(max_length=20, blank=True)
    city_name = models.CharField(max_length=80, blank=True)
    county_code = models.CharField(max_length=20, blank=True)
    county_name = models.CharField(max_length=80, blank=True)
    township_code = models.CharField(max_length=20, blank=True)
    township_name = models.CharField(max_length=80, blank=True)
    village_code = models.CharField(max_length=20, blank=True)
    village_name = models.CharField(max_length=80, blank=True)
    group_code = models.CharField(max_length=20, blank=True)
    group_name = models.CharField(max_length=80, blank=True)
    border_m = models.FloatField("距县界（米）", null=True, blank=True)
    candidates = models.JSONField(default=list)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_attribution"
        constraints = [models.UniqueConstraint(fields=["point", "seq"], name="one_attribution_per_seq")]


class AttributionPerson(AppendOnlyModel):
    """A person who held a post of a cell in the chain on the fire's Beijing date; `holder` null = vacant (a gap, not an error)."""

    attribution = models.ForeignKey(Attribution, models.PROTECT, related_name="people")
    level = models.CharField(max_length=10, choices=LEVEL_LABELS.items())
    cell_code = models.CharField(max_length=20)
    post = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    is_acting = models.BooleanField(default=False)

    class Meta:
        db_table = "fire_attribution_person"
