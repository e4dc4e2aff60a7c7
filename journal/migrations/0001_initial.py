import uuid

import django.db.models.deletion
from django.db import migrations, models

import journal.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Access",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("actor_id", models.BigIntegerField(blank=True, null=True, verbose_name="查看人")),
                ("kind", models.CharField(max_length=40, verbose_name="种类")),
                ("subject_type", models.CharField(max_length=60, verbose_name="对象类型")),
                ("subject_id", models.CharField(max_length=80, verbose_name="对象")),
                ("detail", models.CharField(blank=True, default="", max_length=200, verbose_name="说明")),
            ],
            options={
                "verbose_name": "查看",
                "indexes": [
                    models.Index(fields=["subject_type", "subject_id", "id"], name="access_by_subject"),
                    models.Index(fields=["actor_id", "id"], name="access_by_actor"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deployment",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("name", models.CharField(default="禁烧", max_length=100, verbose_name="名称")),
                ("title", models.CharField(blank=True, default="", max_length=200, verbose_name="标题")),
                ("is_demo", models.BooleanField(default=False, verbose_name="演示")),
                ("epoch", models.PositiveIntegerField(default=1, verbose_name="纪元")),
                ("digest_key", models.CharField(default=journal.models.new_digest_key, editable=False, max_length=64)),
            ],
            options={
                "verbose_name": "部署",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="deployment_is_one"),
                    models.CheckConstraint(condition=models.Q(("epoch__gte", 1)), name="deployment_epoch"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("real_at", models.DateTimeField(verbose_name="实际时间")),
                ("simulated", models.BooleanField(default=False, verbose_name="模拟时钟")),
                ("act", models.CharField(max_length=60, verbose_name="事项")),
                ("subject_type", models.CharField(max_length=60, verbose_name="对象类型")),
                ("subject_id", models.CharField(max_length=80, verbose_name="对象")),
                ("actor_id", models.BigIntegerField(blank=True, null=True, verbose_name="办理人")),
                ("before", models.JSONField(blank=True, null=True, verbose_name="之前")),
                ("after", models.JSONField(blank=True, null=True, verbose_name="之后")),
                ("reason", models.TextField(blank=True, default="", verbose_name="理由")),
                ("digest", models.CharField(max_length=64, verbose_name="摘要")),
            ],
            options={
                "verbose_name": "记录",
                "indexes": [
                    models.Index(fields=["act", "id"], name="entry_by_act"),
                    models.Index(fields=["subject_type", "subject_id", "id"], name="entry_by_subject"),
                    models.Index(fields=["actor_id", "id"], name="entry_by_actor"),
                    models.Index(fields=["at"], name="entry_by_at"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("simulated", True), ("at", models.F("real_at")), _connector="OR"),
                        name="entry_time_is_real",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60, verbose_name="任务")),
                ("key", models.CharField(max_length=120, verbose_name="键")),
                ("payload", models.JSONField(default=dict, verbose_name="内容")),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "待办"), ("running", "执行中"), ("done", "完成"), ("failed", "失败")],
                        default="queued",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="次数")),
                ("max_attempts", models.PositiveSmallIntegerField(default=5, verbose_name="最多次数")),
                ("run_after", models.DateTimeField(verbose_name="不早于")),
                ("lease_until", models.DateTimeField(blank=True, null=True, verbose_name="租约到")),
                ("error", models.TextField(blank=True, default="", verbose_name="错误")),
                ("created_at", models.DateTimeField(verbose_name="创建时间")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="结束时间")),
            ],
            options={
                "verbose_name": "任务",
                "indexes": [models.Index(fields=["state", "run_after"], name="job_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "key"), name="job_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "running", "done", "failed"])), name="job_state"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_until__isnull", False), ("state", "running")),
                            models.Q(models.Q(("state", "running"), _negated=True), ("lease_until__isnull", True)),
                            _connector="OR",
                        ),
                        name="job_lease",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
                            models.Q(("finished_at__isnull", True), ("state__in", ["queued", "running"])),
                            _connector="OR",
                        ),
                        name="job_finished",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="序号")),
                ("prev_hash", models.CharField(max_length=64, unique=True)),
                ("hash", models.CharField(max_length=64, unique=True, verbose_name="链值")),
                ("sealed_at", models.DateTimeField(verbose_name="封存时间")),
                ("epoch", models.PositiveIntegerField(verbose_name="纪元")),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="seal", to="journal.entry"
                    ),
                ),
            ],
            options={
                "verbose_name": "封存",
                "constraints": [models.CheckConstraint(condition=models.Q(("seq__gte", 1)), name="seal_seq")],
            },
        ),
    ]
