"""The loading of an edition: its import, its check, the code changes, the division table (C2)."""

import uuid

from django.db import models
from django.db.models import Q

from core import clock
from core.db.immutable import AppendOnlyModel, register
from grids.models.editions import Edition
from grids.models.users import User
from grids.roles import LEVEL_LABELS


class Division(models.Model):
    """One row of the table of divisions (民政、统计): what a code is called, apart from any border."""

    code = models.CharField("区划代码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=80)
    level = models.CharField(max_length=10, choices=LEVEL_LABELS.items())
    parent_code = models.CharField("上级代码", max_length=20, blank=True)

    class Meta:
        db_table = "grids_division"

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


class ColumnMemory(models.Model):
    """The mapping of a border file's columns the last time, by the set of its column names."""

    signature = models.CharField(max_length=64, unique=True)
    mapping = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "grids_column_memory"

    def __str__(self) -> str:
        return self.signature


class EditionImport(models.Model):
    """One attempt to load an edition through the page: files, how they are to be read, how far it is, what was said."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "已上传"
        READING = "reading", "正在读"
        READ = "read", "待确认"
        LOADING = "loading", "正在载入"
        LOADED = "loaded", "已载入"
        REFUSED = "refused", "读不了"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    name = models.CharField("版本名", max_length=80)
    note = models.CharField("说明", max_length=200, blank=True)
    files = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    # Counts every hand-over to a worker, so that each has a job of its own.
    attempt = models.PositiveSmallIntegerField(default=0)
    stage = models.CharField("进行到", max_length=80, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)
    edition = models.ForeignKey(Edition, models.SET_NULL, null=True, blank=True, related_name="imports")
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "grids_edition_import"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="loaded") | Q(finished_at__isnull=False), name="loaded_import_is_finished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.get_state_display()}"


@register
class EditionReport(AppendOnlyModel):
    """The report of a check of an edition; a later check is a new row. `result` is what edition_check answers."""

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="reports")
    is_ok = models.BooleanField()
    result = models.JSONField()
    seconds = models.FloatField(default=0)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "grids_edition_report"

    def __str__(self) -> str:
        return f"{self.edition} {self.made_at}"


@register
class CellChange(AppendOnlyModel):
    """The change of an old code in a new edition. All rows of the highest `revision` of an edition are in force."""

    class Kind(models.TextChoices):
        RENAMED = "renamed", "更名"
        RECODED = "recoded", "换代码"
        MERGED = "merged", "并入"
        SPLIT = "split", "拆分"
        MOVED = "moved", "边界调整"
        ENDED = "ended", "撤销"
        NEW = "new", "新设"

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="changes")
    old_edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    kind = models.CharField("变化", max_length=8, choices=Kind.choices)
    level = models.CharField(max_length=10, choices=LEVEL_LABELS.items())
    old_code = models.CharField("原代码", max_length=20, blank=True)
    new_code = models.CharField("新代码", max_length=20, blank=True)
    old_name = models.CharField("原名称", max_length=80, blank=True)
    new_name = models.CharField("新名称", max_length=80, blank=True)
    # Of the old cell's area, the share that lies in the new one; null where one of them has no polygon.
    share = models.FloatField("面积占比", null=True, blank=True)
    is_suggested = models.BooleanField("按面积推算", default=False)
    document_no = models.CharField("依据文件", max_length=80, blank=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "grids_cell_change"
        constraints = [
            models.UniqueConstraint(fields=["edition", "revision", "old_code", "new_code"], name="one_change_per_pair"),
            models.CheckConstraint(condition=~Q(old_code="", new_code=""), name="change_names_a_code"),
        ]
        indexes = [models.Index(fields=["old_code"], name="change_old_ix")]

    def __str__(self) -> str:
        return f"{self.old_code or '—'} → {self.new_code or '—'}"
