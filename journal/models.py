"""Deployment, Entry, Seal, Access, Proposal, Job: the record, what waits for a second person, and the work that follows."""

from __future__ import annotations

import secrets
import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from core import clock, ways
from core.db.immutable import AnsweredOnceModel, AppendOnlyModel, register


def new_digest_key() -> str:
    """A fresh key (hex, 256 bits) for the digests of personal fields."""
    return secrets.token_hex(32)


class Deployment(models.Model):
    """The one row that says which deployment this is; read it with `selectors.deployment()`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name = models.CharField("名称", max_length=100, default="禁烧")
    title = models.CharField("标题", max_length=200, default="", blank=True)
    is_demo = models.BooleanField("演示", default=False)
    # A restored backup continues the chain in a new epoch, so that lost seals and new ones are never confused.
    epoch = models.PositiveIntegerField("纪元", default=1)
    digest_key = models.CharField(max_length=64, default=new_digest_key, editable=False)

    class Meta:
        verbose_name = "部署"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="deployment_is_one"),
            models.CheckConstraint(condition=Q(epoch__gte=1), name="deployment_epoch"),
        ]

    def __str__(self) -> str:
        return self.name


@register
class Entry(AppendOnlyModel):
    """One act, with its own digest; written in the act's transaction by `services.record`."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField("时间")
    real_at = models.DateTimeField("实际时间")
    simulated = models.BooleanField("模拟时钟", default=False)
    act = models.CharField("事项", max_length=60)
    subject_type = models.CharField("对象类型", max_length=60)
    subject_id = models.CharField("对象", max_length=80)
    # By id and without a foreign key: the record outlives the account and holds no name.
    actor_id = models.BigIntegerField("办理人", null=True, blank=True)
    before = models.JSONField("之前", null=True, blank=True)
    after = models.JSONField("之后", null=True, blank=True)
    reason = models.TextField("理由", default="", blank=True)
    # Empty on entries made before ways were recorded: their digest is without it.
    way = models.CharField("途径", max_length=10, choices=list(ways.LABELS.items()), default="", blank=True)
    way_by = models.CharField("途径说明", max_length=ways.LONGEST, default="", blank=True)
    digest = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = "记录"
        constraints = [
            models.CheckConstraint(condition=Q(simulated=True) | Q(at=F("real_at")), name="entry_time_is_real"),
        ]
        indexes = [
            models.Index(fields=["act", "id"], name="entry_by_act"),
            models.Index(fields=["subject_type", "subject_id", "id"], name="entry_by_subject"),
            models.Index(fields=["actor_id", "id"], name="entry_by_actor"),
            models.Index(fields=["at"], name="entry_by_at"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject_type}:{self.subject_id}"


@register
class Seal(AppendOnlyModel):
    """The chain: each seal holds the hash of the one before it, so that nothing can be changed or left out."""

    seq = models.BigIntegerField("序号", primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="seal")
    # UNIQUE: a fork would need two seals after the same one.
    prev_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField("链值", max_length=64, unique=True)
    sealed_at = models.DateTimeField("封存时间")
    epoch = models.PositiveIntegerField("纪元")

    class Meta:
        verbose_name = "封存"
        constraints = [models.CheckConstraint(condition=Q(seq__gte=1), name="seal_seq")]

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@register
class Access(AppendOnlyModel):
    """One look at evidence, a phone or an export, and who took it."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField("时间")
    actor_id = models.BigIntegerField("查看人", null=True, blank=True)
    kind = models.CharField("种类", max_length=40)
    subject_type = models.CharField("对象类型", max_length=60)
    subject_id = models.CharField("对象", max_length=80)
    detail = models.CharField("说明", max_length=200, default="", blank=True)

    class Meta:
        verbose_name = "查看"
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="access_by_subject"),
            models.Index(fields=["actor_id", "id"], name="access_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type}:{self.subject_id}"


class Proposal(AnsweredOnceModel):
    """提请: an act that takes two persons, asked for by one and answered once by another; the row is never changed but by
    its answer. `data` is what the act is given, by id and without personal names."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "同意"
        REFUSED = "refused", "不同意"
        LAPSED = "lapsed", "已失效"

    ANSWER: ClassVar[tuple[str, ...]] = ("answered_at", "answered_by", "answer", "answer_reason")

    id = models.BigAutoField(primary_key=True)
    act = models.CharField("事项", max_length=60)
    subject_kind = models.CharField("对象类型", max_length=60)
    subject_id = models.CharField("对象", max_length=80)
    version = models.CharField("对象的版本", max_length=80)
    data = models.JSONField("内容", default=dict)
    reason = models.CharField("理由", max_length=500)
    # By id and without a foreign key, as in Entry: users live in an app above.
    asked_by = models.BigIntegerField("提请人")
    asked_at = models.DateTimeField("提请时间", default=clock.now)
    answered_by = models.BigIntegerField("答复人", null=True, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answer = models.CharField("答复", max_length=8, choices=Answer.choices, default="", blank=True)
    answer_reason = models.CharField("答复的理由", max_length=500, default="", blank=True)

    class Meta:
        verbose_name = "提请"
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_by__isnull=True, answer="", answer_reason="")
                | Q(answered_at__isnull=False, answer="lapsed")
                | Q(answered_at__isnull=False, answered_by__isnull=False, answer__in=["accepted", "refused"]),
                name="proposal_answered_whole",
                violation_error_message="答复要有时间、答复人和结论；没有答复的什么都不写",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("asked_by")) | Q(answer="lapsed"),
                name="proposal_two_persons",
                violation_error_message="提请人不能答复自己的提请",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="proposal_has_a_reason"),
            models.UniqueConstraint(
                fields=["act", "subject_kind", "subject_id"],
                condition=Q(answered_at__isnull=True),
                name="proposal_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="proposal_by_subject"),
            models.Index(fields=["asked_by", "id"], name="proposal_by_asker"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject_kind}:{self.subject_id}"

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered; the subject may have moved on all the same."""
        return self.answered_at is None


class Job(models.Model):
    """Background work: this row is the truth of it, the broker is only the wake-up."""

    class State(models.TextChoices):
        QUEUED = "queued", "待办"
        RUNNING = "running", "执行中"
        DONE = "done", "完成"
        FAILED = "failed", "失败"

    id = models.BigAutoField(primary_key=True)
    name = models.CharField("任务", max_length=60)
    key = models.CharField("键", max_length=120)
    payload = models.JSONField("内容", default=dict)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    max_attempts = models.PositiveSmallIntegerField("最多次数", default=5)
    run_after = models.DateTimeField("不早于")
    lease_until = models.DateTimeField("租约到", null=True, blank=True)
    error = models.TextField("错误", default="", blank=True)
    created_at = models.DateTimeField("创建时间")
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = "任务"
        constraints = [
            models.UniqueConstraint(fields=["name", "key"], name="job_once"),
            models.CheckConstraint(condition=Q(state__in=["queued", "running", "done", "failed"]), name="job_state"),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_until__isnull=True)),
                name="job_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed"], finished_at__isnull=False)
                | Q(state__in=["queued", "running"], finished_at__isnull=True),
                name="job_finished",
            ),
        ]
        indexes = [models.Index(fields=["state", "run_after"], name="job_due")]

    def __str__(self) -> str:
        return f"{self.name}:{self.key}"


class OnceKey(models.Model):
    """An Idempotency-Key of one user: claimed before the act, answered in the transaction of the act.

    `status` is null while the act is under way; whoever claims a key holds it until `lease_until`, and `attempt` tells
    two holders apart. Kept for a day, then forgotten (`journal.once.forget`).
    """

    id = models.BigAutoField(primary_key=True)
    # By id and without a foreign key, as in Entry: users live in an app above.
    user_id = models.BigIntegerField("办理人")
    key = models.CharField("键", max_length=80)
    fingerprint = models.CharField("请求摘要", max_length=64)
    attempt = models.PositiveIntegerField("次数", default=1)
    status = models.PositiveSmallIntegerField("状态码", null=True, blank=True)
    body = models.TextField("回答", default="", blank=True)
    digest = models.CharField("回答摘要", max_length=64, default="", blank=True)
    etag = models.CharField(max_length=80, default="", blank=True)
    created_at = models.DateTimeField("创建时间")
    lease_until = models.DateTimeField("占用到")
    expires_at = models.DateTimeField("保留到")

    class Meta:
        verbose_name = "幂等键"
        db_table = "journal_once_key"
        constraints = [
            models.UniqueConstraint(fields=["user_id", "key"], name="once_key_per_user"),
            models.CheckConstraint(
                condition=Q(status__isnull=True, digest="") | (Q(status__isnull=False) & ~Q(digest="")),
                name="once_key_answered",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="once_key_expires")]

    def __str__(self) -> str:
        return f"{self.user_id}:{self.key}"


class Pulse(models.Model):
    """When a part of the machinery was last seen at work; the jobs page and /healthz read it."""

    name = models.CharField("部分", max_length=40, primary_key=True)
    at = models.DateTimeField("最近一次")

    class Meta:
        verbose_name = "心跳"

    def __str__(self) -> str:
        return self.name
