"""Kill −9 at every named fault point of transition, proposal, evidence, withdrawal, batch, seal and job; then try again: nothing
is lost, nothing is doubled, nothing is half, and the record is whole. (Imports: tests/faults/test_import_deaths.py.)"""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core import clock, faults
from firepoints.life.act import act
from firepoints.life.proposing import act_or_propose
from firepoints.models import FirePoint, ImportRun
from firepoints.sightings.importing.withdrawing import import_withdraw
from firepoints.steps.workflow import LIFE
from journal.jobs import jobs, waking
from journal.models import Access, Entry, Job, Seal
from journal.proposals import services as proposals
from journal.record import sealing, services
from journal.record.verify import verify
from penalties.batches import steps
from penalties.models import Batch, BatchDocument, BatchLine, LedgerEntry, Settlement
from tests.conftest import ROOT
from tests.factories import points as make
from tests.factories import scans
from tests.factories.city import City
from tests.faults.dying import dies_at, grown, snapshot, survive

pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True)]
MONTH = "2023-10"
WALKED_HERE = ("act.", "proposal.", "evidence.", "withdraw.", "batch.", "seal.", "job.")
WALKED_ELSEWHERE = ("import.",)


def sound() -> None:
    sealing.seal_all()
    report = verify()
    assert report.ok, report.problems
    assert report.unsealed == 0


def like_the_other(control: Callable[[], object], act: Callable[[], object]) -> set[str]:
    """`control` is done undisturbed; `act` dies at every point and is then done: both add the same rows."""
    before = snapshot()
    control()
    once = grown(before, snapshot())
    before = snapshot()
    seen = survive(act)
    assert grown(before, snapshot()) == once, "nothing doubled, nothing lost"
    return seen


def in_pairs(calm: FirePoint, struck: FirePoint) -> Callable[..., set[str]]:
    """An act on both points: the first undisturbed, the second with a death at every fault point."""

    def go(action: str, actor: object, **data: object) -> set[str]:
        def on(point: FirePoint) -> Callable[[], object]:
            told = {name: value(point) if callable(value) else value for name, value in data.items()}
            version = FirePoint.objects.get(pk=point.pk).version
            given = {"point_id": point.pk, "action": action, "actor": actor, "data": told, "expected_version": version}
            return lambda: act(**given)

        return like_the_other(on(calm), on(struck))

    return go


def test_a_transition_that_dies_at_any_point_is_not_begun_or_done(city):
    make.dispatched(city)  # the year's series of numbers begins
    both = in_pairs(make.suspected(), struck := make.suspected())
    seen = both("dispatch", city.clerk)
    assert sorted(FirePoint.objects.values_list("number", flat=True))[-1].endswith("-0003"), "no number was lost"
    photos = {point.pk: make.uuids(make.photo(point, city.west)) for point in FirePoint.objects.all()}
    seen |= both("report", city.west, conclusion="true", sites=1, is_new=True, evidence=lambda point: photos[point.pk])
    seen |= both("recognise", city.recogniser, reason="证据充分")
    seen |= both("reopen", city.recogniser, reason="新的佐证")
    seen |= swallowed(city)
    assert seen == set(faults.registered("act."))
    assert FirePoint.objects.get(pk=struck.pk).steps.count() == 4
    sound()


def swallowed(city: City) -> set[str]:
    calm, struck = (in_two(city) for _ in range(2))
    return like_the_other(calm, struck)


def in_two(city: City) -> Callable[[], object]:
    away, into = make.suspected(source="firms"), make.suspected()
    return lambda: make.take(away, "merge", city.clerk, into=into.pk, reason="同一处")


def test_an_acceptance_that_dies_at_any_point_has_neither_answered_nor_acted(city):
    second = make.second_person()

    def proposed() -> Callable[[], object]:
        away, into = make.suspected(), make.suspected()
        data = {"into": into.pk, "reason": "同一处"}
        proposal = act_or_propose(point_id=away.pk, action="merge", actor=city.clerk, data=data).proposal
        return lambda: proposals.accept(proposal_id=proposal.pk, actor=second)

    assert set(faults.registered("proposal.")) <= like_the_other(proposed(), proposed())
    sound()


def test_a_photo_whose_storing_dies_is_sent_again_and_gets_its_one_receipt(city):
    point, key, content = make.dispatched(city), uuid.uuid4(), make.jpeg()
    seen = like_the_other(
        lambda: make.photo(point, city.west), lambda: make.photo(point, city.west, uuid=key, file=content)
    )
    assert seen == set(faults.registered("evidence."))
    assert point.evidence.filter(uuid=key).count() == 1
    sound()


def test_a_withdrawal_that_dies_leaves_the_run_in_force(city):
    runs = [
        ImportRun.objects.get(detections__memberships__point=make.suspected(source=one)) for one in ("firms", "hotline")
    ]
    calm, struck = (
        (lambda run=run: import_withdraw(run=str(run.uuid), actor=city.clerk, reason="报错")) for run in runs
    )
    seen = like_the_other(calm, struck)
    assert set(faults.registered("withdraw.")) <= seen
    assert set(ImportRun.objects.values_list("state", flat=True)) == {"withdrawn"}
    sound()


def test_a_batch_that_dies_at_any_point_of_any_step_charges_and_settles_once(city, tmp_path: Path):
    make.final(city)
    scan = tmp_path / "批件.pdf"
    scan.write_bytes(scans.pdf())
    seen = survive(lambda: steps.batch_build(month=MONTH, actor=city.clerk))
    [batch] = {entry.batch_id for entry in LedgerEntry.objects.all()}
    for step, (actor, given) in {
        steps.batch_freeze: (city.officer, {}),
        steps.batch_submit: (city.clerk, {}),
        steps.batch_approve: (
            city.officer,
            {"doc_no": "演示批〔2023〕1号", "approved_on": clock.today_beijing(), "file": scan},
        ),
        steps.batch_send: (city.clerk, {}),
        steps.batch_settle: (city.finance, {"voucher_no": "演示凭证1", "settled_on": clock.today_beijing()}),
    }.items():
        seen |= survive(lambda step=step, actor=actor, given=given: step(batch_id=batch, actor=actor, **given))
    assert seen == set(faults.registered("batch."))
    assert LedgerEntry.objects.get().amount_fen == Settlement.objects.get().amount_fen == 3_000_000
    assert (BatchLine.objects.count(), BatchDocument.objects.filter(kind="approval").count()) == (2, 1)
    assert Batch.objects.get(pk=batch).state == "settled"
    sound()


def test_a_sealer_that_dies_at_any_point_leaves_a_chain_that_goes_on(city):
    assert survive(lambda: sealing.seal_pending(limit=100)) == set(faults.registered("seal."))
    assert Seal.objects.count() == Entry.objects.count() > 0
    sound()


@pytest.fixture
def noting(monkeypatch, overridden) -> None:
    """One job with an effect, and one periodic job."""
    overridden(jobs.HANDLERS)
    overridden(jobs.PERIODS, {"test.noted": jobs.Period(3600, 0)})
    monkeypatch.setattr(jobs, "discover", lambda: None)
    monkeypatch.setattr(waking, "wake", lambda: None)

    @jobs.handler("test.noted", max_attempts=20)
    def note(payload: dict) -> None:
        services.access(None, "evidence", ("test.thing", 1))


@pytest.mark.usefixtures("noting")
def test_a_worker_that_dies_at_any_point_has_its_job_done_once_by_another(db):
    job, seen = jobs.enqueue("test.noted", "k"), set()
    for nth in range(1, 20):
        if (name := dies_at(jobs.run_due, nth)) is None:
            break
        seen.add(name)
        job.refresh_from_db()
        done = name == "job.committed"
        assert (job.state, Access.objects.count()) == (("done", 1) if done else ("running", 0)), name
        Job.objects.filter(state="running").update(lease_until=clock.real_now() - timedelta(seconds=1))
        monkey_sweep()
    assert jobs.run_due() == 0
    assert Access.objects.count() == 1
    seen.add(dies_at(jobs.sweep, 1))
    assert seen == set(faults.registered("job."))
    jobs.sweep()
    assert Job.objects.filter(key__startswith="slot:").count() == 1


def monkey_sweep() -> None:
    """The sweep, without the periodic jobs."""
    with jobs.PERIODS.overridden():
        jobs.sweep()


def test_every_fault_point_in_the_code_is_declared_and_walked():
    called = {
        name
        for folder in ("core", "journal", "grids", "firepoints", "penalties", "papers")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"faults\.point\(\s*\"([^\"]+)\"", path.read_text())
    }
    assert called == set(faults.registered())
    assert all(name.startswith((*WALKED_HERE, *WALKED_ELSEWHERE)) for name in called), called


def test_negative_control_without_its_transaction_a_transition_that_dies_is_half_done(city, monkeypatch):
    """What these tests would see: the same act, the guard taken away."""
    point = make.suspected()
    dispatch = LIFE.services["dispatch"].__wrapped__
    with pytest.raises(AssertionError, match="a half act was left behind"):
        survive(lambda: dispatch(point_id=point.pk, actor=city.clerk))
