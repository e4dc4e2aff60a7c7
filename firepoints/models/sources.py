"""The sources of sightings, and how those that are asked are doing (policy.md §3)."""

from django.db import models


class Source(models.Model):
    """A source is authority × kind; its class says whether it can be charged at all."""

    class Authority(models.TextChoices):
        NATIONAL = "national", "国家"
        PROVINCE = "province", "省"
        CITY = "city", "市"
        COUNTY = "county", "县"
        TOWNSHIP = "township", "乡"
        VILLAGE = "village", "村"
        OTHER = "other", "其他"

    class Kind(models.TextChoices):
        SATELLITE = "satellite", "卫星"
        SUPERVISION = "supervision", "督查"
        PATROL = "patrol", "巡查"
        ENFORCEMENT = "enforcement", "执法检查"
        SELF_FOUND = "self_found", "自查"
        HOTLINE = "hotline", "举报"

    class Class(models.TextChoices):
        OFFICIAL_LIST = "official_list", "官方清单"
        INSPECTION = "inspection", "巡查督查"
        SELF_FOUND = "self_found", "自查"
        LEAD = "lead", "线索"

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=60)
    authority = models.CharField(max_length=10, choices=Authority.choices)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    source_class = models.CharField(max_length=14, choices=Class.choices)
    parser = models.CharField(max_length=20)
    datum = models.CharField(max_length=10, default="wgs84")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "fire_source"
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def raises_before_money(self) -> bool:
        """Whether a question that this source's finding raises stops money: not so a lead, nor what the payer itself files."""
        return self.source_class not in (self.Class.LEAD, self.Class.SELF_FOUND)


class Feed(models.Model):
    """The condition of a source that is asked, or of a folder that is watched: what came last, and when it is asked again."""

    name = models.CharField(max_length=40, unique=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField("连续失败次数", default=0)
    error = models.CharField(max_length=300, blank=True)
    said = models.CharField(max_length=200, blank=True)
    up_to = models.DateField("已取到哪天（世界时）", null=True, blank=True)
    run = models.ForeignKey("firepoints.ImportRun", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        db_table = "fire_feed"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
