"""How many points lie in each cell of the map, so that a map of a million costs what it shows.

The truth is in the points: triggers of the database (`firepoints.tally.triggers`) leave a row of MapChange for whatever
changes one, in the same transaction, and a job folds those rows into the counts. A reader adds both.
"""

from django.db import models
from django.db.models import Q


class _Cell(models.Model):
    """What is counted apart: for whom, when, where, and what the filters of the map ask for."""

    seen_by = models.CharField("县（区）代码；空：全市", max_length=20, blank=True)
    month = models.PositiveIntegerField("起火月 YYYYMM；0：不分月", default=0)
    cell = models.BigIntegerField()
    state = models.CharField(max_length=12)
    verdict = models.PositiveSmallIntegerField("0 未认定，1 计入，2 不计入")
    county = models.CharField("由谁负责；空：还没有定", max_length=20, blank=True)
    points = models.IntegerField()
    # Sums of millionths of a degree: whole numbers, so that what is added can be taken away again.
    lon = models.BigIntegerField()
    lat = models.BigIntegerField()

    class Meta:
        abstract = True


class MapCount(_Cell):
    """The points of one cell of a level."""

    level = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "fire_map_count"
        constraints = [
            models.UniqueConstraint(
                fields=["seen_by", "month", "level", "cell", "state", "verdict", "county"], name="one_count_per_cell"
            )
        ]
        indexes = [models.Index(fields=["id"], condition=Q(points=0), name="map_count_empty_ix")]

    def __str__(self) -> str:
        return f"{self.level}/{self.cell}:{self.points}"


class MapChange(_Cell):
    """One more or one fewer in a cell of the finest level, not yet among the counts."""

    class Meta:
        db_table = "fire_map_change"
        indexes = [models.Index(fields=["seen_by", "cell"], name="map_change_ix")]

    def __str__(self) -> str:
        return f"{self.cell}:{self.points:+d}"
