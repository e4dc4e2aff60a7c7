"""Posts, the terms of their holders, and the departments designated for verification (C2, C10)."""

from django.db import models
from django.db.models import F, Q

from grids.models.users import User
from grids.roles import LEVEL_LABELS, POST_KIND_LABELS


class Post(models.Model):
    """A post that stands on a cell code, whoever holds it. A cell may have several posts of one kind (书记, 镇长)."""

    cell_code = models.CharField("区划代码", max_length=20, db_index=True)
    level = models.CharField(max_length=10, choices=LEVEL_LABELS.items())
    kind = models.CharField("岗位类别", max_length=12, choices=POST_KIND_LABELS.items())
    title = models.CharField("岗位名称", max_length=80)
    unit = models.CharField("单位", max_length=80, blank=True)

    class Meta:
        db_table = "grids_post"
        constraints = [models.UniqueConstraint(fields=["cell_code", "kind", "title"], name="one_post_per_title")]
        indexes = [models.Index(fields=["kind", "cell_code"], name="post_kind_ix")]

    def __str__(self) -> str:
        return f"{self.unit}{self.title}"


class Term(models.Model):
    """The holder of a post from `starts` (Beijing date, inclusive) to `ends` (exclusive; null = still in office)."""

    post = models.ForeignKey(Post, models.PROTECT, related_name="terms")
    holder = models.ForeignKey(User, models.PROTECT, related_name="terms")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    is_acting = models.BooleanField("代理", default=False)
    document_no = models.CharField("任免文号", max_length=80, blank=True)

    class Meta:
        db_table = "grids_term"
        constraints = [
            models.UniqueConstraint(fields=["post", "starts"], name="one_term_per_start"),
            models.UniqueConstraint(fields=["post"], condition=Q(ends__isnull=True), name="one_open_term_per_post"),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gt=F("starts")), name="term_ends_after_start"
            ),
        ]
        indexes = [models.Index(fields=["holder", "ends"], name="term_holder_ix")]

    def __str__(self) -> str:
        return f"{self.post} {self.starts}–{self.ends or '今'}"


class Designation(models.Model):
    """指定部门: the post whose holder may verify for a county, with its document and dates (C10)."""

    county_code = models.CharField(max_length=20)
    post = models.ForeignKey(Post, models.PROTECT, related_name="designations")
    document_no = models.CharField("指定文件", max_length=80)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "grids_designation"
        constraints = [
            models.UniqueConstraint(fields=["county_code", "post", "valid_from"], name="one_designation_per_start"),
            models.CheckConstraint(condition=~Q(document_no=""), name="designation_has_document"),
        ]

    def __str__(self) -> str:
        return f"{self.county_code} {self.document_no}"
