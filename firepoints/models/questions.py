"""An open question about a point: what it is about, in whole words, and the one answer that it gets (policy.md §4)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock
from core.db.immutable import AnsweredOnceModel, AnsweredOnceQuerySet
from firepoints.models.imports import Detection, ImportRun
from firepoints.models.points import FirePoint

ABOUT = ("detection", "run", "other")
"""The fields that say what a question is about, at most one of them filled; none: the point as it is."""


class QuestionQuerySet(AnsweredOnceQuerySet):
    def unanswered(self) -> "QuestionQuerySet":
        return self.filter(answered_at__isnull=True)

    def before_money(self) -> "QuestionQuerySet":
        """The open ones for which 认定, a batch and its steps wait."""
        return self.unanswered().filter(stops_money=True)


def _open(kind: str, fields: list[str], filled: str) -> models.UniqueConstraint:
    """The constraint of one open question per point, kind and subject.

    NULLs differ in a unique index, so each kind of subject has its own.
    """
    holds = Q(answered_at__isnull=True)
    for name in ABOUT:
        holds &= Q(**{f"{name}__isnull": name != filled})
    return models.UniqueConstraint(fields=["point", "kind", *fields], condition=holds, name=f"one_open_question_{kind}")


class Question(AnsweredOnceModel):
    """What a rule, a list or a person could not settle; money waits until it is answered (`stops_money`), unless the payer
    raised it. The row is never changed but by its answer, and never deleted. A finding from outside the county, and a
    row that came again where its point has ended, may wait at no point at all."""

    class Kind(models.TextChoices):
        OVERSIZE = "oversize", "超过一处的时长或范围"
        SEVERAL_SITES = "several_sites", "疑为几处"
        STATED_COUNTY = "stated_county", "表列县不符"
        DATUM = "datum", "疑为坐标系有误"
        EARLIER_FINDING = "earlier_finding", "发现早于过境"
        TOUCHES = "touches", "与另一处相接"
        NEW_COUNTY = "new_county", "触及另一县（区）"
        NO_EDITION = "no_edition", "没有启用的边界"
        OUTSIDE_COUNTIES = "outside_counties", "不在任何县（区）内"
        WITHDRAWN = "withdrawn", "来源已撤回"
        CORRECTED = "corrected", "清单已更正"
        GONE = "gone", "更正的清单已没有这一行"
        ISSUER_DISAGREES = "issuer_disagrees", "发布单位不认可"
        EXISTING = "existing", "黑斑原来就有"
        SAME_PICTURE = "same_picture", "照片与另一处相同"
        RECHECK = "recheck", "复查与核实不符"
        SCAR_OF = "scar_of", "上报为另一处的黑斑"
        OUTSIDE_FINDING = "outside_finding", "外县（区）人员的发现"
        CAME_AGAIN = "came_again", "来过的一行又来"
        NEAR = "near", "与另一处相近"
        RUNNING_DAYS = "running_days", "连日上报"
        VAGUE_PLACE = "vague_place", "位置不足以定县（区）"
        ZONE = "zone", "清单写的是开发区"
        OTHER = "other", "其他"

    class Answer(models.TextChoices):
        SAME = "same", "同一处"
        APART = "apart", "另是一处"
        KEPT = "kept", "照原样成立"
        DIVIDED = "divided", "已划分"
        ATTACHED = "attached", "归入这一处"
        OWN_POINT = "own_point", "自成一处"
        NOTHING = "nothing", "不采用"
        JOINT = "joint", "转联合核实"
        MOOT = "moot", "不再成立"
        CARRIED = "carried", "随监测记录转到另一处"
        REPLACED = "replaced", "由后来的意见代替"

    ANSWER: ClassVar[tuple[str, ...]] = ("answered_at", "answered_by", "answer", "reason")

    point = models.ForeignKey(FirePoint, models.PROTECT, null=True, blank=True, related_name="questions")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    detection = models.ForeignKey(Detection, models.PROTECT, null=True, blank=True, related_name="questions")
    run = models.ForeignKey(ImportRun, models.PROTECT, null=True, blank=True, related_name="questions")
    other = models.ForeignKey(FirePoint, models.PROTECT, null=True, blank=True, related_name="questions_elsewhere")
    words = models.TextField("问题")
    speaks_for = models.TextField("支持的依据", blank=True)
    speaks_against = models.TextField("相反的依据", blank=True)
    came_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="copies")
    asked_at = models.DateTimeField(default=clock.now)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField("期限", null=True, blank=True)
    stops_money = models.BooleanField("答复前不动钱", default=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.CharField(max_length=12, choices=Answer.choices, blank=True)
    reason = models.TextField("答复的理由", blank=True)

    objects = QuestionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        db_table = "fire_question"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["point"], condition=Q(answered_at__isnull=True), name="question_open_ix"),
            models.Index(
                fields=["point"],
                condition=Q(answered_at__isnull=True, stops_money=True),
                name="question_before_money_ix",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(detection__isnull=True) & Q(run__isnull=True))
                | (Q(detection__isnull=True) & Q(other__isnull=True))
                | (Q(run__isnull=True) & Q(other__isnull=True)),
                name="question_about_one_thing",
                violation_error_message="一个问题只问一件事：一条监测记录、一份清单，或另一处火点",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_by__isnull=True, answer="", reason="")
                | (Q(answered_at__isnull=False) & ~Q(answer="") & ~Q(reason="")),
                name="question_answered_whole",
                violation_error_message="答复要有时间、结论和理由；没有答复的什么都不写",
            ),
            models.CheckConstraint(condition=~Q(words=""), name="question_has_words"),
            models.CheckConstraint(
                condition=Q(point__isnull=False)
                | Q(kind__in=["outside_finding", "came_again"], detection__isnull=False),
                name="question_has_a_point",
            ),
            models.CheckConstraint(
                condition=~Q(kind="came_again") | Q(detection__isnull=False),
                name="row_that_came_again_is_named",
            ),
            models.UniqueConstraint(
                fields=["detection"],
                condition=Q(answered_at__isnull=True, kind="came_again"),
                name="row_waits_in_one_place",
            ),
            models.UniqueConstraint(
                fields=["detection"],
                condition=Q(answered_at__isnull=True, point__isnull=True),
                name="one_open_question_placeless",
            ),
            _open("plain", [], ""),
            *(_open(name, [name], name) for name in ABOUT),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.words}"

    @property
    def about(self) -> tuple[str, int | None]:
        """The subject of the question: the field that says so with its key, ("", None) for the point as it is."""
        return next(((name, key) for name in ABOUT if (key := getattr(self, f"{name}_id"))), ("", None))
