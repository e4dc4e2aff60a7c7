"""The engine below the outcomes: verdicts by columns, rows packed, one turn, files known by their hash."""

import base64
import csv
import hashlib
import io
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pytest
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.errors import BadInput, Refused
from core.http import exports
from firepoints.api import packed_csv, present
from firepoints.findings.intake import finding_record
from firepoints.models import OUTCOME_OF, Detection, DetectionKey, FirePoint, ImportRun, OutcomeCode, RawChunk, RawRow
from firepoints.pages.imports.shown_left import left_of
from firepoints.sightings import packed
from firepoints.sightings.importing import preparing, start, storing, verdicts, working
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.reading import Keys, ListName
from firepoints.sightings.importing.results import COUNTED
from firepoints.sightings.importing.start import import_run_now, import_sightings, import_start
from firepoints.sightings.importing.turns import Busy, TurnLost, begin, take_over
from firepoints.sightings.importing.verdicts import Standing
from firepoints.sightings.importing.withdrawing import import_withdraw
from grids.models import Edition
from journal.jobs import jobs
from journal.models import Entry, Job
from tests.factories.city import IN_EAST, IN_WEST
from tests.factories.imports import import_file
from tests.safety.conftest import HEADER, firms_row

FAR = (118.0, 30.0)


def plain_loop(keys: Keys, inside: Any, standing: Standing) -> list[tuple[str, bool]]:
    """The rules of policy.md §6 row by row: what the columns must give."""
    names, bases = keys.key.to_pylist(), keys.base_key.to_pylist()
    seen: dict[str, int] = {}
    newest: dict[str, int] = {}
    found: list[tuple[str, bool]] = []
    for i, (key, base) in enumerate(zip(names, bases, strict=True)):
        rank, old = int(keys.rank[i]), int(standing.base_rank[i])
        has_base = standing.base[i] != verdicts.NONE
        if standing.known[i] != verdicts.NONE or key in seen:
            found.append(("identical" if inside[i] else "outside", False))
        elif keys.is_numbered and has_base and old == rank:
            found.append(("quarantined", False))
        elif inside[i] and ((has_base and old > rank) or (base in newest and newest[base] > rank)):
            found.append(("superseded", False))
        else:
            found.append(("kept" if inside[i] else "outside", True))
            seen[key] = i
            newest[base] = rank
    return found


@given(st.data())
def test_verdicts_by_columns_are_those_of_the_plain_loop(data):
    size = data.draw(st.integers(0, 12))
    base = data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    rank = data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    is_numbered = data.draw(st.booleans())
    rank = [0] * size if is_numbered else rank
    content = data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)) if is_numbered else rank
    inside_of = data.draw(st.lists(st.booleans(), min_size=4, max_size=4))
    live = data.draw(st.dictionaries(st.integers(0, 3), st.integers(0, 2)))
    keys = Keys(
        pa.array([f"{b}|{c}" for b, c in zip(base, content, strict=True)], pa.string()),
        pa.array([str(b) for b in base], pa.string()),
        np.array(rank, dtype=np.int64),
        np.full(size, -1, dtype=np.int64),
        is_numbered=is_numbered,
    )
    # In force: of each base at most one row, with a rank and (numbered) a content of its own.
    known = [100 + b if live.get(b) == c else -1 for b, c in zip(base, content, strict=True)]
    standing = Standing(
        np.array(known, dtype=np.int64),
        np.array([100 + b if b in live else -1 for b in base], dtype=np.int64),
        np.array([0 if is_numbered and b in live else live.get(b, -1) for b in base], dtype=np.int64),
    )
    inside = np.array([inside_of[b] for b in base], dtype=bool)
    found = verdicts.judge(keys, inside, standing)
    given_by_columns = [
        (str(OUTCOME_OF[code]), bool(new)) for code, new in zip(found.outcome, found.is_new, strict=True)
    ]
    assert given_by_columns == plain_loop(keys, inside, standing)


@pytest.fixture
def firms(tmp_path: Path, city):
    """Import FIRMS rows written to a file."""

    def go(*rows: str, name: str = "firms.csv", **given: Any):
        path = tmp_path / name
        path.write_text("\n".join([HEADER, *rows]) + "\n")
        return import_file(path=path, source_code="firms", actor=city.clerk, **given)

    return go


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of more than three rows is a large one, in chunks of four."""
    monkeypatch.setattr(preparing, "ROWS_ONE_BY_ONE", 3)
    for module in (storing, working):
        monkeypatch.setattr(module, "CHUNK", 4)


def many() -> list[str]:
    """Ten rows: five places, three far away, one repeated, one unreadable."""
    near = [firms_row(at=(IN_WEST[0] + i / 40, IN_WEST[1])) for i in range(4)] + [firms_row(at=IN_EAST)]
    far = [firms_row(at=(FAR[0] + i / 10, FAR[1])) for i in range(3)]
    return [*near[:3], far[0], near[0], *near[3:], *far[1:], near[1].replace("2023-10-07", "2023-13-07")]


def test_a_packed_file_gives_the_same_outcomes_as_one_kept_row_by_row(firms, large, monkeypatch):
    done = firms(*many())
    told = {name: getattr(done, name) for name in ("rows", "kept", "identical", "quarantined", "outside")}
    assert told == {"rows": 10, "kept": 5, "identical": 1, "quarantined": 1, "outside": 3}
    assert RawChunk.objects.count() == 3
    assert RawRow.objects.count() == 1, "only what somebody must look at"
    assert Detection.objects.count() == 5, "a row far outside is in its chunk"
    assert DetectionKey.objects.count() == 5


def test_every_row_of_a_packed_file_can_be_read_by_number_and_by_outcome_both_ways(firms, large):
    run = firms(*many()).run
    every = [(row.row_no, str(row.outcome)) for row in packed.rows_of(run)]
    assert [number for number, _ in every] == list(range(2, 12))
    assert every[3][1] == "outside"
    assert every[-1][1] == "quarantined"
    forward, key = [], ""
    while True:
        page = packed.rows_page(run, after=key, size=3)
        forward += [row.row_no for row in page.rows]
        key = page.after
        if not key:
            break
    assert forward == list(range(2, 12))
    back = packed.rows_page(run, before="8@", size=3)
    assert [row.row_no for row in back.rows] == [5, 6, 7]
    outside = packed.rows_page(run, outcome="outside")
    assert [row.row_no for row in outside.rows] == [5, 9, 10]
    assert "118.0" in outside.rows[0].raw
    same = packed.rows_page(run, outcome="identical").rows[0]
    assert same.detection.row_no == 2, "the row that it equals"


def test_every_kept_row_of_a_chunk_names_the_sighting_that_it_became(firms, large):
    run = firms(*many()).run
    kept = {row.row_no: row.detection_id for row in packed.rows_of(run, "kept")}
    assert kept == dict(Detection.objects.filter(run=run, is_outside=False).values_list("row_no", "pk"))


STORED_CHUNK = """
/////xgBAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAQAAACwAAAAaAAAADAAAAAEAAAAcP///wAAARQQAA
AAGAAAAAQAAAAAAAAAAwAAAHJhdwAEAAQABAAAAJj///8AAAECEAAAABwAAAAEAAAAAAAAAAkAAABkZXRlY3Rpb24AAACM////AAAAAUAAAADM
////AAABAhAAAAAgAAAABAAAAAAAAAAHAAAAb3V0Y29tZQAAAAYACAAEAAYAAAAIAAAAEAAUAAgABgAHAAwAAAAQABAAAAAAAAECEAAAACAAAA
AEAAAAAAAAAAYAAAByb3dfbm8AAAgADAAIAAcACAAAAAAAAAEgAAAA/////0ABAAAUAAAAAAAAAAwAGAAGAAUACAAMAAwAAAAAAwQAHAAAANAA
AAAAAAAAAAAAAAwAHgAQAAQACAAMAAwAAADAAAAAJAAAABgAAAAFAAAAAAAAAAAAAAAAAAYACAAHAAYAAAAAAAABCQAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAACUAAAAAAAAAKAAAAAAAAAAAAAAAAAAAACgAAAAAAAAAFgAAAAAAAABAAAAAAAAAABIAAAAAAAAAWAAAAAAAAAAqAAAAAAAA
AIgAAAAAAAAAAAAAAAAAAACIAAAAAAAAACoAAAAAAAAAuAAAAAAAAAAWAAAAAAAAAAAAAAAEAAAABQAAAAAAAAAAAAAAAAAAAAUAAAAAAAAAAA
AAAAAAAAAFAAAAAAAAAAEAAAAAAAAABQAAAAAAAAAAAAAAAAAAABQAAAAAAAAAKLUv/SAUoQAAAgAAAAMAAAAFAAAABwAAAAkAAAAAAAAFAAAA
AAAAACi1L/0gBSkAAAABAgMEAAABAAAAAAAAACi1L/0gAQkAABcAAAAAAAAoAAAAAAAAACi1L/0gKM0AAHgLAAwADQD/DgAAAAAAAAAEEABZDD
zwgAUAAAAAAAAwAAAAAAAAACi1L/0gMM0AAJAAAAEAAgADAAQABQAAAAAAAAAFVAIAAwEAAAAAAAAFAAAAAAAAACi1L/0gBSkAAGFiY2RlAAD/
////AAAAAA==
"""
STORED_ROWS = {2: "kept", 3: "identical", 5: "superseded", 7: "quarantined", 9: "outside"}


@pytest.mark.embedded
def test_a_chunk_that_was_stored_before_still_reads_the_outcomes_that_were_written(firms):
    run = firms(firms_row()).run
    run.pk, run.uuid = None, uuid4()
    run.save(force_insert=True)  # the same run without its rows
    body = base64.b64decode(STORED_CHUNK)
    counts = dict.fromkeys(STORED_ROWS.values(), 1)
    RawChunk.objects.create(
        run=run,
        seq=0,
        first_row=2,
        last_row=9,
        rows=5,
        counts=counts,
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
    )
    assert {row.row_no: str(row.outcome) for row in packed.rows_of(run)} == STORED_ROWS
    assert {number: outcome for _, number, _, outcome, *_ in packed_csv.rows_of(run)} == STORED_ROWS


def test_the_numbers_of_outcomes_are_those_that_are_stored():
    # Archives of large imports hold these numbers; one more outcome gets the next number.
    assert {code.name: int(code) for code in OutcomeCode} == {
        "KEPT": 0, "IDENTICAL": 1, "SUPERSEDED": 2, "QUARANTINED": 3, "OUTSIDE": 4,
    }  # fmt: skip


@pytest.mark.embedded
def test_a_file_known_by_its_hash_is_not_read_again(firms, large, monkeypatch):
    first = firms(*many()).run
    monkeypatch.setattr(start.reading, "read_file", lambda *_, **__: pytest.fail("it was read"))
    again = firms(*many(), name="again.csv")
    assert again.run.repeats == first
    assert (again.kept, again.identical, again.quarantined, again.outside) == (0, 6, 1, 3)
    assert {str(row.outcome) for row in packed.rows_of(again.run)} == {"identical", "outside", "quarantined"}
    assert packed.rows_page(again.run, outcome="kept").rows == []
    assert Entry.objects.filter(act="import.committed").count() == 2


def _later(seconds: int) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


CHANGES = {
    "borders were activated": lambda run: Edition.objects.update(activated_at=_later(1)),
    "another import was taken back": lambda run: _another(
        run, state="withdrawn", withdrawn_at=_later(1), withdrawn_reason="错"
    ),
    "a list was corrected": lambda run: _another(run, supersedes=run, started_at=_later(1)),
    "readers read better": lambda run: ImportRun.objects.update(options={"readers": 0}),
    "it was read by another mapping": lambda run: ImportRun.objects.update(mapping={"lat": "纬"}),
    "it was read in another way": lambda run: ImportRun.objects.update(options={**run.options, "tz": "UTC"}),
    "it was read under another datum": lambda run: ImportRun.objects.update(datum="gcj02"),
    "it was another issuer's": lambda run: ImportRun.objects.update(issuer="省厅"),
    "it is not in force": lambda run: ImportRun.objects.update(state="failed", error="断"),
}


def _another(run: ImportRun, **changes: Any) -> None:
    ImportRun.objects.create(
        source=run.source, filename="b.csv", sha256="0" * 64, datum="wgs84", actor=run.actor,
        **{"state": "committed", **changes},
    )  # fmt: skip


@pytest.mark.embedded
@pytest.mark.parametrize("change", CHANGES)
def test_a_known_file_is_read_again_when_what_was_found_may_be_otherwise_now(firms, change):
    rows = [firms_row(), firms_row(at=IN_EAST)]
    first = firms(*rows).run
    assert firms(*rows).run.repeats == first
    CHANGES[change](first)
    assert firms(*rows).run.repeats is None


def test_a_row_that_lay_in_the_future_is_read_again_from_a_known_file(firms):
    rows = [firms_row(), firms_row(at=IN_EAST).replace("2023-10-07", "2099-10-07")]
    first = firms(*rows).run
    assert [row.code for row in first.raw_rows.filter(outcome="quarantined")] == ["future"]
    assert firms(*rows).run.repeats is None


def test_a_confirmed_datum_does_not_make_a_known_file_unknown(firms):
    first = firms(firms_row()).run
    assert firms(firms_row(), options={"datum_confirmed": True}).run.repeats == first


def test_a_known_file_is_read_again_when_its_first_run_was_taken_back(firms, city):
    done = firms(*many())
    import_withdraw(run=str(done.run.uuid), actor=city.clerk, reason="坐标系报错")
    again = firms(*many())
    assert again.run.repeats is None
    assert again.kept == 5


def test_nothing_of_a_run_is_in_force_before_it_commits(firms, large, city, monkeypatch):
    monkeypatch.setattr(working, "commit", lambda *_: (_ for _ in ()).throw(RuntimeError("died")))
    with pytest.raises(RuntimeError):
        firms(*many())
    run = ImportRun.objects.get()
    assert (run.state, run.phase, run.turn, run.chunks) == ("loading", "storing", 1, 4)
    assert not FirePoint.objects.exists()
    data = {"found_at": "2023-10-07 14:30", "lon": IN_WEST[0], "lat": IN_WEST[1], "kind": "明火"}
    _, point = finding_record(data=data, actor=city.clerk)
    assert point.memberships.count() == 1, "the sightings of the loading run are not there to be grouped"


def test_a_row_that_a_loading_run_holds_is_neither_new_nor_known(firms, large, monkeypatch, city, tmp_path):
    monkeypatch.setattr(working, "commit", lambda *_: (_ for _ in ()).throw(RuntimeError("died")))
    with pytest.raises(RuntimeError):
        firms(*many())
    source = start.reading.source_named("firms")
    path = tmp_path / "one.csv"
    path.write_text("\n".join([HEADER, many()[0]]) + "\n")
    result = start.reading.read_file(path, source=source, datum="wgs84")
    facts = {"filename": "one", "sha256": "0" * 64, "datum": "wgs84"}
    with pytest.raises(Busy):
        import_sightings(result=result, source=source, actor=city.clerk, name=ListName(), facts=facts)


def waiting(city, tmp_path: Path, name: str = "a.csv") -> ImportRun:
    path = tmp_path / name
    path.write_text("\n".join([HEADER, firms_row(time=f"05{len(name):02d}")]) + "\n")
    return import_start(ImportOrder(path, "firms", city.clerk), in_foreground=True)


def test_one_run_has_the_turn_and_the_next_is_told_which(city, tmp_path):
    first, second = waiting(city, tmp_path), waiting(city, tmp_path, "second.csv")
    assert begin(first, state="loading", phase="reading", come_from="waiting")
    with pytest.raises(Busy, match=r"a\.csv"):
        import_run_now(second, wait_s=0)
    second.refresh_from_db()
    assert (second.state, Job.objects.filter(key=str(second.uuid)).count()) == ("waiting", 1)


def test_who_comes_next_finishes_a_run_whose_worker_is_gone(city, tmp_path):
    first, second = waiting(city, tmp_path), waiting(city, tmp_path, "second.csv")
    dead = begin(first, state="loading", phase="reading", come_from="waiting")
    assert take_over(ImportRun.objects.get(pk=first.pk)) is None, "it may still be at work"
    ImportRun.objects.filter(pk=first.pk).update(lease_until=clock.real_now() - timedelta(seconds=1))
    assert import_run_now(second).kept == 1
    first.refresh_from_db()
    assert (first.state, first.kept) == ("committed", 1)
    with pytest.raises(TurnLost), dead.piece():
        pytest.fail("the fence let it in")


def test_a_lease_written_by_a_clock_that_was_set_back_is_over(city, tmp_path):
    run = waiting(city, tmp_path)
    begin(run, state="loading", phase="reading", come_from="waiting")
    ImportRun.objects.update(lease_until=clock.real_now() + timedelta(hours=1))
    assert take_over(ImportRun.objects.get())


def test_a_run_that_is_interrupted_again_and_again_fails_and_blocks_nobody(city, tmp_path):
    run = waiting(city, tmp_path)
    begin(run, state="loading", phase="reading", come_from="waiting")
    ImportRun.objects.update(lease_until=clock.real_now() - timedelta(seconds=1), attempt=20)
    assert start.take_up(ImportRun.objects.get())
    run.refresh_from_db()
    assert (run.state, run.error_code, run.turn) == ("failed", "interrupted", None)
    assert Entry.objects.filter(act="import.failed").count() == 1


def test_a_file_handed_in_for_later_is_done_by_the_worker_and_says_how_far_it_is(city, tmp_path):
    run = waiting(city, tmp_path)
    assert (run.progress.is_over, run.progress.words) == (False, "等待导入")
    Job.objects.update(run_after=clock.real_now())
    assert jobs.run_due() >= 1
    run.refresh_from_db()
    assert (run.progress.is_over, run.progress.percent, run.kept) == (True, 100, 1)
    assert Job.objects.get(name="firepoints.import").state == "done"


def test_a_file_that_cannot_be_read_fails_its_run_with_the_reason(city, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("甲,乙\n1,2\n")
    run = import_start(ImportOrder(path, "firms", city.clerk), in_foreground=True)
    with pytest.raises(BadInput):
        import_run_now(run)
    run.refresh_from_db()
    assert (run.state, run.error_code, run.turn) == ("failed", "wrong_columns", None)
    with pytest.raises(Refused):
        import_run_now(run)


def test_a_large_withdrawal_goes_in_pieces_and_ends_whole(firms, city, large, monkeypatch):
    monkeypatch.setattr("firepoints.sightings.importing.withdrawing.SMALL", 1)
    monkeypatch.setattr("firepoints.sightings.importing.releasing.PART", 2)
    done = firms(*many())
    run = import_withdraw(run=str(done.run.uuid), actor=city.clerk, reason="坐标系报错")
    assert (run.state, run.phase, run.turn) == ("withdrawn", "", None)
    assert not DetectionKey.objects.exists()
    assert set(FirePoint.objects.values_list("state", flat=True)) == {"closed"}
    assert firms(*many(), name="again.csv").kept == 5


def test_the_api_pages_through_packed_rows_as_through_any(firms, large, city, client):
    run = firms(*many()).run
    client.force_login(city.clerk)
    url, seen = f"/api/imports/{run.uuid}/rows/?page_size=4", []
    while url:
        answer = client.get(url).json()
        seen += [row["row_no"] for row in answer["results"]]
        url = answer["next"]
    assert seen == list(range(2, 12))
    first = client.get(f"/api/imports/{run.uuid}/rows/?outcome=outside").json()
    assert [row["outcome"] for row in first["results"]] == ["outside"] * 3


def csv_rows(client: Any, url: str) -> tuple[list[dict[str, str]], str]:
    """(rows, address of the rest) of a CSV answer."""
    answer = client.get(url)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rest = re.search("<(.+)>", answer.headers.get("Link", ""))
    return list(csv.DictReader(io.StringIO(text))), rest.group(1) if rest else ""


def test_the_csv_of_a_packed_run_has_every_row_and_its_outcomes_add_up(firms, large, city, client, settings):
    settings.EXPORT_ROWS = 3
    run = firms(*many()).run
    again = firms(*many()).run
    client.force_login(city.clerk)
    for one, outcomes in ((run, COUNTED[1:-1]), (again, ("identical", "outside", "quarantined"))):
        rows, rest = csv_rows(client, f"/api/imports/{one.uuid}/rows/?format=csv")
        assert ([int(row["row_no"]) for row in rows], rest) == (list(range(2, 12)), "")
        counted = Counter(row["outcome"] for row in rows)
        assert counted == {name: getattr(one, name) for name in outcomes if getattr(one, name)}
        assert sum(counted.values()) == one.rows
        plain = [present.row(row) for row in packed.rows_of(one)]
        assert rows == [{name: exports.cell(value) for name, value in row.items()} for row in plain]
    kept, _ = csv_rows(client, f"/api/imports/{run.uuid}/rows/?format=csv&outcome=kept")
    assert [row["outcome"] for row in kept] == ["kept"] * run.kept
    assert client.get(f"/api/imports/{run.uuid}/rows/?format=csv&outcome=gone").status_code == 400


def test_the_csv_of_a_packed_run_comes_in_parts_where_parts_are_asked_for(firms, large, city, client):
    run = firms(*many()).run
    client.force_login(city.clerk)
    url, sizes, seen = f"/api/imports/{run.uuid}/rows/?format=csv&page_size=4", [], []
    while url:
        rows, url = csv_rows(client, url)
        sizes.append(len(rows))
        seen += [int(row["row_no"]) for row in rows]
    assert (sizes, seen) == ([4, 4, 2], list(range(2, 12)))


def failed_half_way(firms, monkeypatch) -> ImportRun:
    """A run that stored its rows, was interrupted too often, and failed."""
    with monkeypatch.context() as patched:
        patched.setattr(working, "commit", lambda *_: (_ for _ in ()).throw(RuntimeError("died")))
        with pytest.raises(RuntimeError):
            firms(*many())
    ImportRun.objects.update(lease_until=clock.real_now() - timedelta(seconds=1), attempt=20)
    assert start.take_up(ImportRun.objects.get())
    return ImportRun.objects.get()


def test_a_failed_run_says_what_it_left_that_it_counts_nowhere_and_that_its_keys_are_free(
    firms, large, city, client, monkeypatch
):
    run = failed_half_way(firms, monkeypatch)
    left = left_of(run)
    assert (run.state, left.rows, left.held, left.adds_up) == ("failed", 10, 0, True)
    assert sum(number for _, number in left.outcomes) == run.rows
    assert left.sightings == Detection.objects.filter(run=run).count()
    client.force_login(city.clerk)
    page = client.get(f"/imports/{run.uuid}/").content.decode()
    assert "一行也不作数" in page
    assert "与计数相符" in page
    assert page.count("这次导入失败，不作数") == 10
    assert "生成疑似火点" not in page
    assert not FirePoint.objects.exists()
    assert firms(*many(), name="again.csv").kept == left.sightings == 5


def test_a_failed_run_whose_rows_do_not_add_up_says_so(firms, large, monkeypatch):
    run = failed_half_way(firms, monkeypatch)
    ImportRun.objects.update(kept=F("kept") + 1)
    assert left_of(ImportRun.objects.get(pk=run.pk)).adds_up is False
    assert left_of(firms(*many(), name="again.csv").run) is None
