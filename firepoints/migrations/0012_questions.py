"""Questions were sentences in one column of 200 characters: each becomes a row of its own, with its words whole."""

import re

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

import core.clock

PREFIXES = (
    ("待人工划分", "oversize"),
    ("疑为几处", "several_sites"),
    ("表列县不符", "stated_county"),
    ("疑为坐标系有误", "datum"),
    ("巡查发现早于过境", "earlier_finding"),
    ("新的监测记录触及另一县（区）", "new_county"),
    ("没有启用的边界版本", "no_edition"),
    ("中心不在任何县（区）内", "outside_counties"),
    ("来源已撤回", "withdrawn"),
    ("清单更正", "corrected"),
    ("更正的清单里已没有这一行", "gone"),
    ("发布单位不认可", "issuer_disagrees"),
    ("上报人写明是 ", "scar_of"),
)
TOUCHES = re.compile(r"^与 (.+) 的范围相接")
SCAR_OF = re.compile(r"^上报人写明是 (.+?)（")
ENDED = {"merged": "火点已并入另一处", "closed": "火点已关闭"}
PART = 2000


def kind_of(text):
    if TOUCHES.match(text):
        return "touches"
    return next((kind for prefix, kind in PREFIXES if text.startswith(prefix)), "other")


def names_in(text):
    """The points that a sentence names, without how they stand."""
    if (met := TOUCHES.match(text)) is not None:
        return re.findall(r"([^、（）]+)（[^（）]*）", met[1])
    return [met[1]] if (met := SCAR_OF.match(text)) is not None else []


def rows_of(text, find):
    """[(kind, key of the other point or None, words)] of an old text; every word of it is in one of them.

    Of one kind and point only one may be open: what would be a second is written with the first.
    """
    rows = {}
    for part in filter(None, text.split("；")):
        kind = kind_of(part)
        for other in [key for name in names_in(part) if (key := find(name)) is not None] or [None]:
            rows.setdefault((kind, other), []).append(part)
    return [(kind, other, "；".join(parts)) for (kind, other), parts in rows.items()]


def to_rows(apps, schema_editor):
    """Each sentence of the column becomes a row. When it was asked nobody noted, so it says the time of this migration; what
    stood at points that ended long ago is answered as moot."""
    FirePoint, Question = apps.get_model("firepoints", "FirePoint"), apps.get_model("firepoints", "Question")
    now = timezone.now()

    def find(name):
        digits = name.removeprefix("疑似-")
        by = {"pk": int(digits)} if digits.isascii() and digits.isdecimal() and len(digits) < 19 else {"number": name}
        return FirePoint.objects.filter(**by).values_list("pk", flat=True).first()

    def another(name, own):
        """A point that names itself (its other was merged into it) asks about none: with what names nobody it is one row."""
        return key if (key := find(name)) != own else None

    rows = []
    asked = FirePoint.objects.exclude(needs_person="").order_by("pk")
    for pk, state, text in asked.values_list("pk", "state", "needs_person").iterator(chunk_size=PART):
        ended = {"answered_at": now, "answer": "moot", "reason": ENDED[state]} if state in ENDED else {}
        for kind, other, words in rows_of(text, lambda name, own=pk: another(name, own)):
            rows.append(Question(point_id=pk, kind=kind, other_id=other, words=words, asked_at=now, **ended))
        if len(rows) >= PART:
            Question.objects.bulk_create(rows)
            rows = []
    Question.objects.bulk_create(rows)


def to_text(apps, schema_editor):
    """Backwards: as much of the open questions as the column holds."""
    FirePoint, Question = apps.get_model("firepoints", "FirePoint"), apps.get_model("firepoints", "Question")
    open_ = Question.objects.filter(answered_at=None, point__isnull=False).order_by("pk")
    texts = {}
    for pk, words in open_.values_list("point", "words"):
        texts.setdefault(pk, []).append(words)
    for pk, words in texts.items():
        FirePoint.objects.filter(pk=pk).update(needs_person="；".join(dict.fromkeys(words))[:200])


class Migration(migrations.Migration):
    dependencies = [
        ("firepoints", "0011_slim_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("oversize", "超过一处的时长或范围"),
                            ("several_sites", "疑为几处"),
                            ("stated_county", "表列县不符"),
                            ("datum", "疑为坐标系有误"),
                            ("earlier_finding", "发现早于过境"),
                            ("touches", "与另一处相接"),
                            ("new_county", "触及另一县（区）"),
                            ("no_edition", "没有启用的边界"),
                            ("outside_counties", "不在任何县（区）内"),
                            ("withdrawn", "来源已撤回"),
                            ("corrected", "清单已更正"),
                            ("gone", "更正的清单已没有这一行"),
                            ("issuer_disagrees", "发布单位不认可"),
                            ("scar_of", "上报为另一处的黑斑"),
                            ("outside_finding", "外县（区）人员的发现"),
                            ("other", "其他"),
                        ],
                        max_length=20,
                    ),
                ),
                ("words", models.TextField(verbose_name="问题")),
                ("speaks_for", models.TextField(blank=True, verbose_name="支持的依据")),
                ("speaks_against", models.TextField(blank=True, verbose_name="相反的依据")),
                ("asked_at", models.DateTimeField(default=core.clock.now)),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="期限")),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("same", "同一处"),
                            ("apart", "另是一处"),
                            ("kept", "照原样成立"),
                            ("divided", "已划分"),
                            ("attached", "归入这一处"),
                            ("own_point", "自成一处"),
                            ("nothing", "不采用"),
                            ("moot", "不再成立"),
                            ("carried", "随监测记录转到另一处"),
                            ("replaced", "由后来的意见代替"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="答复的理由")),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "came_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copies",
                        to="firepoints.question",
                    ),
                ),
                (
                    "detection",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="firepoints.detection",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions_elsewhere",
                        to="firepoints.firepoint",
                    ),
                ),
                (
                    "point",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="firepoints.firepoint",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="firepoints.importrun",
                    ),
                ),
            ],
            options={
                "db_table": "fire_question",
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("answered_at__isnull", True)), fields=["point"], name="question_open_ix"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("detection__isnull", True), ("run__isnull", True)),
                            models.Q(("detection__isnull", True), ("other__isnull", True)),
                            models.Q(("run__isnull", True), ("other__isnull", True)),
                            _connector="OR",
                        ),
                        name="question_about_one_thing",
                        violation_error_message="一个问题只问一件事：一条监测记录、一份清单，或另一处火点",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answer", ""),
                                ("answered_at__isnull", True),
                                ("answered_by__isnull", True),
                                ("reason", ""),
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                models.Q(("answer", ""), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="question_answered_whole",
                        violation_error_message="答复要有时间、结论和理由；没有答复的什么都不写",
                    ),
                    models.CheckConstraint(condition=models.Q(("words", ""), _negated=True), name="question_has_words"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("point__isnull", False),
                            models.Q(("detection__isnull", False), ("kind", "outside_finding")),
                            _connector="OR",
                        ),
                        name="question_has_a_point",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True), ("point__isnull", True)),
                        fields=("detection",),
                        name="one_open_question_placeless",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("detection__isnull", True),
                            ("run__isnull", True),
                            ("other__isnull", True),
                        ),
                        fields=("point", "kind"),
                        name="one_open_question_plain",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("detection__isnull", False),
                            ("run__isnull", True),
                            ("other__isnull", True),
                        ),
                        fields=("point", "kind", "detection"),
                        name="one_open_question_detection",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("detection__isnull", True),
                            ("run__isnull", False),
                            ("other__isnull", True),
                        ),
                        fields=("point", "kind", "run"),
                        name="one_open_question_run",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("detection__isnull", True),
                            ("run__isnull", True),
                            ("other__isnull", False),
                        ),
                        fields=("point", "kind", "other"),
                        name="one_open_question_other",
                    ),
                ],
            },
        ),
        migrations.RunPython(to_rows, to_text),
        migrations.RemoveField(
            model_name="firepoint",
            name="needs_person",
        ),
    ]
