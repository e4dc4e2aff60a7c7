"""What verify must find: every way to change the past that is left to someone who owns the database."""

from __future__ import annotations

import pytest
from django.db import connection

from core import clock
from core.db import triggers
from core.errors import BadInput
from journal.models import Deployment, Entry, Seal
from journal.record import digests, sealing, services
from journal.record import verify as verifying
from journal.record.verify import parse_head, verify
from tests.journal.conftest import ACT

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]


def by_hand(*statements: str) -> None:
    """What an owner of the database can do: lift the triggers, change rows, put the triggers back."""
    connection.check_constraints()  # PostgreSQL alters no table that still has foreign keys to check
    with triggers.lifted(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def chain(write) -> list[Entry]:
    entries = [write(reason=f"第 {n} 件", after={"n": n}) for n in range(1, 6)]
    assert sealing.seal_pending(limit=3) == 3
    assert sealing.seal_pending() == 2
    assert verify().ok
    return entries


def test_a_sound_record_is_sound_and_counted(chain, write):
    write()
    report = verify()
    assert report.ok
    assert (report.entries, report.sealed, report.unsealed) == (6, 5, 1)
    assert report.head == sealing.head_text()


def test_an_empty_record_is_sound():
    assert verify(expect=(0, digests.GENESIS)).ok
    assert sealing.head() == (0, digests.GENESIS)


@pytest.mark.parametrize(
    "change",
    [
        "reason = '另一个理由'",
        "actor_id = 99",
        "after = '{\"n\": 33}'",
        "act = 'test.other'",
        "real_at = at, simulated = NOT simulated",
    ],
)
def test_a_changed_entry_is_found_though_the_triggers_are_back(chain, change):
    by_hand(f"UPDATE journal_entry SET {change} WHERE id = {chain[1].pk}")
    assert triggers.missing() == []
    assert any(f"记录 {chain[1].pk}" in problem for problem in verify().problems)


def test_an_entry_changed_together_with_its_digest_breaks_its_link(chain):
    entry = Entry.objects.get(pk=chain[1].pk)
    entry.reason = "改得周到"
    by_hand(
        f"UPDATE journal_entry SET reason = '改得周到', digest = '{digests.entry_digest(entry)}' WHERE id = {entry.pk}"
    )
    assert verify().problems == ["第 2 环的链值与内容不符。"]


def test_a_link_rewritten_too_no_longer_meets_the_next(chain):
    entry, seal = Entry.objects.get(pk=chain[1].pk), Seal.objects.get(seq=2)
    entry.reason = "改得更周到"
    digest = digests.entry_digest(entry)
    link = digests.seal_hash(seq=2, prev_hash=seal.prev_hash, digest=digest, sealed_at=seal.sealed_at, epoch=1)
    by_hand(
        f"UPDATE journal_entry SET reason = '改得更周到', digest = '{digest}' WHERE id = {entry.pk}",
        f"UPDATE journal_seal SET hash = '{link}' WHERE seq = 2",
    )
    assert verify().problems == ["第 3 环与前一环不相接。"]


def test_a_chain_rewritten_to_its_end_is_found_by_a_head_kept_outside(chain):
    kept = sealing.head()
    assert verify(expect=kept).ok
    by_hand("DELETE FROM journal_seal", f"UPDATE journal_entry SET reason = '全改' WHERE id = {chain[0].pk}")
    entry = Entry.objects.get(pk=chain[0].pk)
    by_hand(f"UPDATE journal_entry SET digest = '{digests.entry_digest(entry)}' WHERE id = {entry.pk}")
    sealing.seal_all()
    assert verify().ok, "from inside, a whole new chain cannot be told from the old one"
    assert verify(expect=kept).problems == ["第 5 环与外存的链值不符。"]


def test_a_seal_cut_out_of_the_middle_leaves_a_gap(chain):
    by_hand("DELETE FROM journal_seal WHERE seq = 3")
    assert "链在第 2 与第 4 环之间缺环。" in verify().problems


def test_a_tail_that_was_cut_off_is_found_by_a_head_kept_outside(chain):
    kept = sealing.head()
    by_hand("DELETE FROM journal_seal WHERE seq = 5", f"DELETE FROM journal_entry WHERE id = {chain[4].pk}")
    assert verify().ok
    assert verify(expect=kept).problems == ["链上没有第 5 环。"]


def test_an_entry_deleted_under_its_seal_is_found_at_the_very_end_too(chain):
    connection.check_constraints()
    # The foreign key looks at the commit only, so that inside this transaction a seal can stand without its entry.
    with triggers.lifted(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM journal_entry WHERE id = {chain[4].pk}")
        problems = verify().problems
        cursor.execute("DELETE FROM journal_seal WHERE seq = 5")
        connection.check_constraints()
    assert f"第 5 环所封的记录 {chain[4].pk} 不见了。" in problems


def test_an_entry_changed_before_it_was_sealed_is_found(chain, write):
    young = write(reason="未封")
    by_hand(f"UPDATE journal_entry SET reason = '已改' WHERE id = {young.pk}")
    assert any(f"记录 {young.pk}" in problem for problem in verify().problems)


def test_a_head_lost_in_a_restore_is_explained_by_the_epoch(chain):
    services.new_epoch(actor=7, reason="磁盘损坏", lost_head=(9, "ab" * 32))
    sealing.seal_all()
    assert verify().ok
    assert Seal.objects.get(seq=6).epoch == 2
    assert verify(expect=(8, "cd" * 32)).problems == ["链上没有第 8 环。该环在恢复备份时遗失，见纪元 2。"]


@pytest.mark.usefixtures("demo")
def test_simulated_entries_in_a_real_deployment_are_a_problem(write):
    with clock.simulated(clock.real_now()):
        write()
    assert verify().ok
    Deployment.objects.update(is_demo=False)
    assert verify().problems == ["正式部署中出现了模拟时钟的记录。"]


def test_an_app_adds_its_own_check_and_a_check_that_breaks_is_seen():
    with verifying.VERIFIERS.overridden():
        verifying.register("账本", lambda: ["差 3 万元"])
        verifying.register("坏了", lambda: [1 / 0])  # type: ignore[list-item]
        problems = verify().problems
    assert problems == ["坏了：检查未能完成（ZeroDivisionError: division by zero）", "账本：差 3 万元"]


@pytest.mark.parametrize("text", ["", "5", "5:", "x:" + "a" * 64, "5:" + "a" * 15, "5:" + "g" * 64])
def test_a_head_that_cannot_be_read_is_refused(text):
    with pytest.raises(BadInput):
        parse_head(text)


def test_a_head_shortened_on_a_document_is_enough(chain):
    seq, known = sealing.head()
    assert verify(expect=parse_head(f"{seq}:{known[:16].upper()}")).ok


def committed(pk: int) -> None:
    now = clock.real_now()
    entry = Entry(pk=pk, at=now, real_at=now, act=ACT, subject_type="test.thing", subject_id="1")
    entry.digest = digests.entry_digest(entry)
    entry.save()


def test_an_entry_that_commits_very_late_is_sealed_by_the_sweep(chain, monkeypatch):
    monkeypatch.setattr(sealing, "WINDOW", 0)
    # Numbers are given out before a commit: the one with the lower number may commit after the higher is sealed.
    committed(chain[-1].pk + 100)
    assert sealing.seal_pending() == 1
    committed(chain[-1].pk + 50)
    assert sealing.seal_pending() == 0, "the quick tick looks only near the head"
    assert verify().unsealed == 1
    assert sealing.seal_all() == 1
    assert verify().ok
