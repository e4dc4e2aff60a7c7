"""Where, and who answers: users, boundary editions, cells, posts and terms (C2, C10, policy.md §2e)."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q

from grids.roles import LEVEL_LABELS, POST_KIND_LABELS
from journal import clock


class User(AbstractUser):
    """A person (or the system account). What one may see and do follows from posts held, never from flags here."""

    full_name = models.CharField("姓名", max_length=60)
    phone = models.CharField("电话", max_length=30, blank=True)
    is_system = models.BooleanField(default=False)

    class Meta:
        db_table = "grids_user"

    def __str__(self) -> str:
        return self.full_name or self.username


class Edition(models.Model):
    """A set of cells with its borders. The edition of a date is the active one with the latest valid_from ≤ date."""

    class State(models.TextChoices):
        LOADED = "loaded", "已载入"
        ACTIVE = "active", "已启用"
        RETIRED = "retired", "已停用"

    name = models.CharField("版本名", max_length=80, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.LOADED)
    valid_from = models.DateField("启用日期（北京）", null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="successors")
    datum = models.CharField("声明的坐标系", max_length=10, default="wgs84")
    content_hash = models.CharField(max_length=64)
    is_synthetic = models.BooleanField("示意边界", default=False)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "grids_edition"
        constraints = [
            models.UniqueConstraint(fields=["valid_from"], condition=Q(state="active"), name="one_edition_per_date"),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(valid_from__isnull=False, activated_at__isnull=False),
                name="active_edition_has_dates",
                violation_error_message="启用的边界版本必须有启用日期",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Cell(models.Model):
    """One grid cell of one edition; geometry is WGS-84 WKB (lon, lat), null for a cell without a polygon."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="cells")
    level = models.CharField(max_length=10, choices=LEVEL_LABELS.items())
    code = models.CharField("区划代码", max_length=20)
    name = models.CharField("名称", max_length=80)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    geometry = models.BinaryField(null=True, blank=True)
    area_m2 = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "grids_cell"
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="one_cell_per_code")]
        indexes = [models.Index(fields=["edition", "level"], name="cell_level_ix")]

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


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
    """Who held a post from `starts` (Beijing date, inclusive) to `ends` (exclusive; null = still in office)."""

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


class Payer(models.Model):
    """A government that can be charged (属地县(区)政府, or a unit such as 高新区 by ruling)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    group = models.CharField("小计组", max_length=20, blank=True)
    position = models.PositiveSmallIntegerField("表内次序", default=0)

    class Meta:
        db_table = "grids_payer"
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name


class PayerArea(models.Model):
    """The payer map: fires in `cell_code` from a date are paid by `payer`, apart from the borders (policy.md §2e)."""

    cell_code = models.CharField(max_length=20)
    payer = models.ForeignKey(Payer, models.PROTECT, related_name="areas")
    valid_from = models.DateField()
    document_no = models.CharField("裁定文件", max_length=80, blank=True)

    class Meta:
        db_table = "grids_payer_area"
        constraints = [models.UniqueConstraint(fields=["cell_code", "valid_from"], name="one_payer_per_cell_date")]

    def __str__(self) -> str:
        return f"{self.cell_code} → {self.payer}"
