"""Many processes, one index: while it is built, damaged or replaced, each answer is right for the edition it names."""

from __future__ import annotations

import multiprocessing
import threading
from contextlib import suppress
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from grids import locating
from grids.editions.activating import edition_activate, edition_import
from grids.selectors import system_user
from tests.factories.city import EAST, IN_WEST, WEST, build_city
from tests.grids.files import box, feature, write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]

PROCESSES = 4
ON = date(2023, 10, 7)
fork = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def _own_indexes(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "JINSHAO_HOME", tmp_path)
    locating.forget()
    yield
    locating.forget()


def _ask_until_told(line: Connection) -> None:
    """A process of its own: locate the same point until a word comes, once more after it, and send what was answered."""
    connections.close_all()
    seen: list[tuple[str, str]] = []
    try:
        told = False
        while not told:
            told = line.poll()
            locating.forget()  # as a process that has just started
            found = locating.locate([IN_WEST[0]], [IN_WEST[1]], ON)
            answer = (found.editions[found.edition[0]].name, found.codes["county"][0])
            if answer not in seen:
                seen.append(answer)
            if len(seen) == 1 and not told:
                line.send("asking")
        line.send(seen)
    except BaseException as error:
        line.send(repr(error))
    finally:
        connections.close_all()


def _while_asking(act: Any) -> list[Any]:
    """What the processes saw: they ask before, while and after `act` is done."""
    connections.close_all()
    lines, others = zip(*(fork.Pipe() for _ in range(PROCESSES)), strict=True)
    processes = [fork.Process(target=_ask_until_told, args=(other,)) for other in others]
    for process in processes:
        process.start()
    try:
        for line in lines:
            assert line.recv() == "asking"
        act()
        for line in lines:
            line.send("enough")
        return [_last(line) for line in lines]
    finally:
        for process in processes:
            process.join(timeout=30)


def _last(line: Connection) -> Any:
    said: Any = "asking"
    while said == "asking":
        said = line.recv()
    return said


def _swapped(folder: Path) -> None:
    """An edition in which the two counties have changed places, valid from the day that is asked about."""
    counties = write(
        folder / "c.geojson",
        feature(box(123.7, 41.2, 123.8, 41.4), code=EAST, name="乙县"),
        feature(box(123.8, 41.2, 123.9, 41.4), code=WEST, name="甲县"),
    )
    edition_import(name="新", levels={"county": counties}, actor=system_user())
    edition_activate(name="新", valid_from=ON, actor=system_user())


def test_an_activation_while_four_processes_locate_gives_no_wrong_and_no_failed_answer(tmp_path):
    build_city()
    answers = _while_asking(lambda: _swapped(tmp_path))
    assert answers == [[("演示版", WEST), ("新", EAST)]] * PROCESSES


def test_a_file_damaged_while_four_processes_locate_is_built_again_and_nobody_notices(tmp_path):
    build_city()

    def damage() -> None:
        for file in sorted((tmp_path / "indexes").rglob("*.idx")):
            draft = file.with_suffix(".draft")
            draft.write_bytes(file.read_bytes()[:-100])
            draft.replace(file)

    assert _while_asking(damage) == [[("演示版", WEST)]] * PROCESSES
    locating.forget()
    assert locating.locate([IN_WEST[0]], [IN_WEST[1]], ON).codes["county"].tolist() == [WEST]


def test_an_index_is_built_by_one_process_and_read_by_the_others(tmp_path, monkeypatch):
    build_city()
    built = tmp_path / "built"
    build = locating._build

    def counted(*args: Any) -> Any:
        with built.open("a") as file:
            file.write("once\n")
        return build(*args)

    monkeypatch.setattr(locating, "_build", counted)
    assert _while_asking(lambda: None) == [[("演示版", WEST)]] * PROCESSES
    assert built.read_text() == "once\n"


def test_negative_control_without_the_lock_it_is_built_more_than_once(tmp_path, monkeypatch):
    build_city()
    built = tmp_path / "built"
    build = locating._build
    two_at_once = fork.Barrier(2)

    def counted(*args: Any) -> Any:
        with suppress(threading.BrokenBarrierError):  # a third one finds nobody to wait for
            two_at_once.wait(timeout=10)
        with built.open("a") as file:
            file.write("once\n")
        return build(*args)

    monkeypatch.setattr(locating, "_build", counted)
    monkeypatch.setattr(locating.fcntl, "flock", lambda *_: None)
    assert _while_asking(lambda: None) == [[("演示版", WEST)]] * PROCESSES
    assert len(built.read_text().splitlines()) >= 2
