"""`jobs run|sweep|list|retry`: the same hands as the worker, for a machine without one."""

from typing import Any

from django.core.management.base import CommandParser

from journal import jobs
from journal.commands import JinshaoCommand
from journal.models import Job


class Command(JinshaoCommand):
    help = "后台任务：run 执行到期的，sweep 收回中断的，list 列出未完成与失败的，retry 重试失败的"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        run = verbs.add_parser("run", help="执行到期任务")
        run.add_argument("--limit", type=int, default=1000)
        verbs.add_parser("sweep", help="收回租约到期的任务，生成周期任务")
        verbs.add_parser("list", help="未完成与失败的任务")
        retry = verbs.add_parser("retry", help="重试失败的任务")
        retry.add_argument("job_id", type=int)

    def run(self, *, verb: str, limit: int = 0, job_id: int = 0, **options: Any) -> dict[str, Any]:
        if verb == "run":
            return {"tried": jobs.run_due(limit)}
        if verb == "sweep":
            return {"given_back": jobs.sweep()}
        if verb == "retry":
            jobs.retry(job_id)
            return {"retried": job_id}
        fields = ("id", "name", "key", "state", "attempts", "run_after", "error")
        return {"jobs": list(Job.objects.exclude(state=Job.State.DONE).order_by("id").values(*fields)[:500])}
