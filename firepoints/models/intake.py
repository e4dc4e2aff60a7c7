"""The work of people on an import: name its columns, mend its rows, answer its issuer. Every row of these is for ever."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock
from core.db.immutable import AppendOnlyModel
from firepoints.models.imports import Detection, ImportRun, RawRow
from firepoints.models.points import FirePoint
from firepoints.models.sources import Source


class ColumnMapping(AppendOnlyModel):
    """The field of each column of an issuer's layout, as a person set it: the latest version of (source, issuer).

    `fields`: field of the reader → heading as the file spells it; {} forgets what was set before.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="column_mappings")
    issuer = models.CharField("发布单位", max_length=80, blank=True)
    version = models.PositiveIntegerField()
    fields = models.JSONField(default=dict)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_column_mapping"
        constraints = [
            models.UniqueConstraint(fields=["source", "issuer", "version"], name="one_mapping_per_version"),
        ]


class Mending(AppendOnlyModel):
    """A quarantined row that a person corrected (`run` holds the sighting) or set aside with a reason.

    The row itself stays as it was. A further `seq` follows only when the run of the one before was withdrawn.
    """

    class Kind(models.TextChoices):
        MENDED = "mended", "已更正"
        DISCARDED = "discarded", "不再处理"

    row = models.ForeignKey(RawRow, models.PROTECT, related_name="mendings")
    seq = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    run = models.ForeignKey(ImportRun, models.PROTECT, null=True, blank=True, related_name="mends")
    corrected = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=300)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_mending"
        constraints = [
            models.UniqueConstraint(fields=["row", "seq"], name="one_mending_per_row_seq"),
            models.CheckConstraint(condition=~Q(reason=""), name="mending_has_reason"),
            models.CheckConstraint(
                condition=Q(kind="mended", run__isnull=False) | Q(kind="discarded", run__isnull=True),
                name="mended_row_has_run",
            ),
        ]


class DroppedRow(AppendOnlyModel):
    """A row of the list before that a corrected list (`run`) no longer has; its sighting is out of force since."""

    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="dropped_rows")
    detection = models.ForeignKey(Detection, models.PROTECT, related_name="dropped_by")

    class Meta:
        db_table = "fire_dropped_row"
        constraints = [models.UniqueConstraint(fields=["run", "detection"], name="one_drop_per_run_row")]


class FeedbackDue(AppendOnlyModel):
    """The day until which the issuer wants its answer (反馈), by its document; the latest row holds."""

    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="feedback_dues")
    due_on = models.DateField("反馈期限")
    document_no = models.CharField("文号", max_length=80, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_feedback_due"


class FeedbackSent(AppendOnlyModel):
    """One answer as it went to the issuer: the filled workbook by its hash, and how far it was complete."""

    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="feedback_sent")
    document_no = models.CharField("文号", max_length=80, blank=True)
    sent_on = models.DateField("报送日期")
    stored_as = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_feedback_sent"


class FinalWord(AppendOnlyModel):
    """The issuer's word on our answer for one row: it accepts it, or it does not (policy.md §3). The latest holds.

    `answer` is what we had said when it spoke; `point` the fire point of the row at that time.
    """

    row = models.ForeignKey(RawRow, models.PROTECT, related_name="final_words")
    seq = models.PositiveIntegerField()
    point = models.ForeignKey(FirePoint, models.PROTECT, null=True, blank=True, related_name="final_words")
    accepted = models.BooleanField("认可")
    answer = models.CharField(max_length=300)
    document_no = models.CharField("文号", max_length=80)
    document_date = models.DateField("日期")
    note = models.CharField("理由", max_length=300, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "fire_final_word"
        constraints = [
            models.UniqueConstraint(fields=["row", "seq"], name="one_final_word_per_seq"),
            models.CheckConstraint(condition=~Q(document_no=""), name="final_word_has_document"),
        ]
