"""The inbox: a file that is complete is imported once and put away; whatever is odd harms nothing."""

import json
import os
import time
from pathlib import Path

import pytest
from django.core.management import call_command

from firepoints.models import Feed, ImportRun
from firepoints.sightings.feeds import watching
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.importing.start import import_file
from firepoints.sightings.importing.turns import Busy
from firepoints.sightings.readers.list_names import said_of_list
from tests.firepoints.feed_server import HEAD

ROW = b"41.25000,123.75000,332.28,0.49,0.4,2023-10-07,0530,1,nominal,2.0NRT,299.49,2.41,D\n"
GOOD = HEAD + ROW

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def inbox(settings, tmp_path: Path) -> Path:
    settings.JINSHAO_INBOX = str(tmp_path / "inbox")
    settings.JINSHAO_INBOX_STABLE_S = 0.0
    watching.inbox_prepare()
    return tmp_path / "inbox"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def test_a_file_is_imported_by_the_source_of_its_folder_and_put_away_once(inbox):
    (inbox / "firms" / "十月.csv").write_bytes(GOOD)
    (done,) = watching.inbox_take()["files"]
    run = ImportRun.objects.get(uuid=done["run"])
    assert (done["state"], run.source.code, run.filename, run.kept) == ("done", "firms", "十月.csv", 1)
    (kept,) = names(inbox / "firms" / "done")
    assert kept.endswith("-十月.csv")
    assert watching.inbox_take()["files"] == []
    assert ImportRun.objects.count() == 1
    assert Feed.objects.get(name="inbox").run == run


def test_what_cannot_be_read_fails_with_its_reason_beside_it_and_stops_no_other(inbox):
    (inbox / "firms" / "a.csv").write_bytes(b"")
    (inbox / "firms" / "b.csv").write_bytes(b"no,table\n1,2\n")
    (inbox / "firms" / "c.csv").write_bytes(GOOD)
    found = {one["name"]: one["state"] for one in watching.inbox_take()["files"]}
    assert found == {"a.csv": "failed", "b.csv": "failed", "c.csv": "done"}
    reasons = [path.read_text() for path in sorted((inbox / "firms" / "failed").glob("*.reason.txt"))]
    assert "文件是空的\n" in reasons
    assert len(names(inbox / "firms" / "failed")) == 4


def test_what_is_still_being_written_or_is_no_plain_file_is_left_alone(inbox, settings):
    folder = inbox / "firms"
    for name in ("x.csv.part", ".hidden.csv", "~$open.xlsx", "y.crdownload"):
        (folder / name).write_bytes(GOOD)
    (folder / "folder.csv").mkdir()
    (folder / "link.csv").symlink_to(folder / ".hidden.csv")
    (inbox / "somewhere.csv").write_bytes(GOOD)
    assert watching.inbox_take()["files"] == []
    settings.JINSHAO_INBOX_STABLE_S = 3600.0
    fresh = folder / "fresh.csv"
    fresh.write_bytes(GOOD)
    os.utime(fresh, (time.time() - 86400,) * 2)
    assert watching.inbox_take()["files"] == [], "an old modification time is no proof that it is complete"
    settings.JINSHAO_INBOX_STABLE_S = 0.0
    assert [one["name"] for one in watching.inbox_take()["files"]] == ["fresh.csv"]


def test_a_file_whose_worker_died_is_gone_on_with_under_the_same_import(inbox, monkeypatch):
    (inbox / "firms" / "a.csv").write_bytes(GOOD)

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(watching, "_moved", die)
        with pytest.raises(KeyboardInterrupt):
            watching.inbox_take()
    (run,) = ImportRun.objects.all()
    (done,) = watching.inbox_take()["files"]
    assert (done["state"], done["run"], ImportRun.objects.count()) == ("done", str(run.uuid), 1)


def test_one_file_is_taken_once_by_two_who_look_at_the_same_moment(inbox, monkeypatch):
    (inbox / "firms" / "a.csv").write_bytes(GOOD)
    complete = watching._complete

    def another_is_quicker(folder):
        for path, seen in list(complete(folder)):
            path.rename(folder / watching.WORK / "00000000-0000-4000-8000-000000000001__a.csv")
            yield path, seen

    (inbox / "firms" / watching.WORK).mkdir()
    monkeypatch.setattr(watching, "_complete", another_is_quicker)
    (done,) = watching.inbox_take()["files"]
    assert (done["state"], ImportRun.objects.count()) == ("done", 1)


def test_a_file_waits_while_a_long_import_has_the_turn(inbox, monkeypatch):
    (inbox / "firms" / "a.csv").write_bytes(GOOD)

    def busy(order, **how):
        raise Busy(None)

    with monkeypatch.context() as patched:
        patched.setattr(watching, "import_file", busy)
        assert watching.inbox_take()["files"][0]["state"] == "waiting"
    assert watching.inbox_take()["files"][0]["state"] == "done"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/x.csv", ".._.._etc_x.csv"[6:]),
        ("a\nb\x00c.csv", "a_b_c.csv"),
        ("报‮vsc.exe", "报_vsc.exe"),
        ("...", "file"),
        ("火" * 200 + ".xlsx", "火" * 48 + ".xlsx"),
    ],
)
def test_odd_names_become_harmless_ones(given, kept):
    found = watching.safe_name(given)
    assert found == kept or found.endswith(kept)
    assert len(found.encode()) <= watching.NAME_BYTES
    assert "/" not in found


def test_a_name_that_is_no_text_is_imported_all_the_same(inbox):
    (inbox / "firms" / os.fsdecode(b"\xff\xfe odd\n.csv")).write_bytes(GOOD)
    (done,) = watching.inbox_take()["files"]
    assert done["state"] == "done"
    assert ImportRun.objects.get().filename.isprintable()


def test_the_command_makes_the_folders_and_says_what_it_took(inbox, capsys):
    (inbox / "firms" / "a.csv").write_bytes(GOOD)
    call_command("watch", "--once", "--json")
    told = json.loads(capsys.readouterr().out)
    assert [one["state"] for one in told["files"]] == ["done"]
    assert "provincial_list" in told["sources"]
    assert "hotline" not in told["sources"], "a caller's name must not come in a file"


LISTED = "{}\n序号,监测日期,过境时间,经度,纬度,县\n1,2023-10-07,13:20,123.75,41.25,甲县\n"


@pytest.mark.parametrize(
    ("name", "title", "said"),
    [
        ("辽宁省生态环境厅疑似火点清单-2023年第276期.csv", "", ("辽宁省生态环境厅", "2023年", "276")),
        ("清单.csv", "某省生态环境厅秸秆焚烧火点清单（２０２３年第28期）", ("某省生态环境厅", "2023年", "28")),
        ("清单20231007.csv", "", ("", "2023-10-07", "")),
        ("清单.csv", "", ("", "", "")),
    ],
)
def test_a_list_is_called_what_its_name_or_title_says(inbox, name, title, said):
    (inbox / "provincial_list" / name).write_text(LISTED.format(title).lstrip(), encoding="utf-8")
    (done,) = watching.inbox_take()["files"]
    assert done["state"] == "done", done
    run = ImportRun.objects.get(uuid=done["run"])
    assert (run.issuer, run.period, run.list_no, run.kept) == (*said, 1)


def test_a_list_that_somebody_named_before_keeps_that_name_and_is_a_repetition(inbox, tmp_path, city):
    path = tmp_path / "第9期.csv"
    path.write_text(LISTED.format("某省监测中心").lstrip(), encoding="utf-8")
    order = ImportOrder(path, "provincial_list", city.clerk, name=ListName("省厅", "2023年", "9"))
    known = import_file(order)
    (inbox / "provincial_list" / "另名第8期.csv").write_bytes(path.read_bytes())
    (done,) = watching.inbox_take()["files"]
    run = ImportRun.objects.get(uuid=done["run"])
    assert (run.issuer, run.list_no, run.kept, run.repeats) == ("省厅", "9", 0, known.run)


def test_an_office_keeps_the_name_by_which_it_is_known_and_a_year_is_no_number():
    assert said_of_list(["省厅清单（2023年第7期）"], ["省厅"]) == ("省厅", "2023年", "7")
    assert said_of_list(["辽环监〔2023〕12号", "国家卫星气象中心"]).list_no == "12"
    assert said_of_list(["2023年10月火点"]) == ("", "2023-10", "")
    assert said_of_list(["20231399 火点第二期"]) == ("", "", "")
