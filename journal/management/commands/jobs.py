"""`jobs run|sweep|list|retry`: do, give back, list and retry background jobs, on a machine without a worker."""

from typing import Any

from django.core.management.base import CommandParser

from core import clock
from core.commands import JinshaoCommand
from journal.jobs import jobs, working
from journal.models import Job

MOST_LISTED = 500


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
        return self._list()

    def _list(self) -> dict[str, Any]:
        state = working.working()
        fields = ("id", "name", "key", "state", "attempts", "max_attempts", "run_after", "lease_until", "error")
        unfinished = Job.objects.exclude(state=Job.State.DONE).order_by("id").values(*fields)
        return {
            "waiting": state.waiting,
            "running": state.running,
            "failed": state.failed,
            "worker_seen_s": state.worker_seen_s,
            "sealer_lag_s": state.sealer_lag_s,
            "troubles": state.troubles(),
            "jobs": [{**job, "label": jobs.label(job["name"])} for job in unfinished[:MOST_LISTED]],
            "periodic": [
                {"name": row.name, "label": row.label, "last_done": row.last_done, "is_late": row.is_late}
                for row in working.periodic()
            ],
        }

    def show(self, result: dict[str, Any]) -> None:
        """A line for each unfinished job and each periodic one; other verbs as usual."""
        if "jobs" not in result:
            super().show(result)
            return
        for trouble in result["troubles"]:
            self.stdout.write(f"！{trouble}")
        self.stdout.write("等待 {waiting}，执行中 {running}，失败 {failed}".format(**result))
        for job in result["jobs"]:
            state = Job.State(job["state"]).label
            self.stdout.write(
                f"{job['id']:>6}  {state}  {job['label']}  {job['key']}  {job['attempts']} 次  {job['error'][:100]}"
            )
        for row in result["periodic"]:
            done = (
                row["last_done"].astimezone(clock.BEIJING).strftime("%Y-%m-%d %H:%M")
                if row["last_done"]
                else "还没有完成过"
            )
            self.stdout.write(f"  周期  {row['label']}  {done}{'  过期未到' if row['is_late'] else ''}")
