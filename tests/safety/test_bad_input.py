"""The command contract from its dark side: wrong calls, refusals, and what may stand on stdout (issue, item 8).

0 done, 1 refused with a reason, 2 usage; with --json exactly one JSON object on stdout, whatever happens.
"""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import base, load_command_class

from tests.factories.no_months import NO_MONTHS

pytestmark = pytest.mark.django_db
APP_OF = {"grid": "grids", "locate": "grids", "user": "grids", "ingest": "firepoints", "point": "firepoints",
          "batch": "penalties", "report": "penalties", "pack": "penalties", "journal": "journal", "jobs": "journal"}  # fmt: skip

ROOT = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY", "JINSHAO_TEST_DB")


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """The one JSON object; anything else on stdout fails."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def manage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """`manage.py …` in this process, by the same door as from a shell, so with the real exit code."""
    monkeypatch.setattr(base.connections, "close_all", lambda: None)  # the test's transaction lives on

    def call(*words: object, stdin: str = "") -> Answer:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
        capsys.readouterr()
        name = str(words[0])
        code = 0
        try:
            load_command_class(APP_OF[name], name).run_from_argv(["manage.py", *map(str, words)])
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return call


WRONG_CALLS = [
    ("grid",),
    ("grid", "shrink"),
    ("grid", "import", "--edition", "甲"),
    ("grid", "import", "--level", "county=a.geojson"),
    ("grid", "import", "--edition", "甲", "--level", "county"),
    ("grid", "import", "--edition", "甲", "--level", "county=a", "--datum", "mars"),
    ("grid", "import", "--edition", "甲", "--level", "county=a", "--map", "code"),
    ("grid", "check"),
    ("grid", "activate", "甲"),
    ("grid", "activate", "甲", "--from", "2016-13-01"),
    ("ingest",),
    ("ingest", "a.csv"),
    ("ingest", "a.csv", "b.csv", "--source", "firms"),
    ("ingest", "a.csv", "--source", "firms", "--datum", "mars"),
    ("ingest", "withdraw", "--reason", "坐标系错"),
    ("locate", "--datum", "mars"),
    ("locate", "points.csv"),
    ("point",),
    ("point", "show"),
    ("point", "list", "--state", "burning"),
    ("point", "list", "--month", "October"),
    ("point", "list", "--month", "2023-13"),
    ("point", "list", "--limit", "-1"),
    ("point", "act", "1", "dispatch"),
    ("point", "act", "1", "--as", "clerk"),
    ("point", "act", "1", "dispatch", "--as", "clerk", "--expected-version", "one"),
    ("batch",),
    ("batch", "build"),
    ("batch", "build", "--month", "2023-13"),
    ("batch", "freeze", "1"),
    ("batch", "freeze", "one", "--as", "clerk"),
    ("batch", "submit", "1", "--as", "clerk", "--date", "yesterday"),
    ("batch", "settle", "1", "--as", "clerk", "--amount", "many"),
    ("report",),
    ("report", "2023-10"),
    ("report", "2023-1", "--out", "x"),
    ("journal",),
    ("journal", "verify", "--expect", "latest"),
    ("user", "add", "zhang"),
    ("pack", "load"),
    ("jobs", "retry", "one"),
]


@pytest.mark.parametrize("words", WRONG_CALLS, ids=" ".join)
def test_a_wrong_call_ends_with_2_and_says_on_stderr_what_is_wrong(manage, words):
    plain = manage(*words)
    assert (plain.code, plain.out) == (2, "")
    assert plain.err
    assert "Traceback" not in plain.err
    asked = manage(*words, "--json")
    assert asked.code == 2
    assert asked.told["error"] == "usage"
    assert asked.told["message"]


@pytest.mark.parametrize("month", NO_MONTHS, ids=repr)
def test_no_command_takes_what_is_no_month(manage, month, tmp_path):
    calls = (
        ("point", "list", f"--month={month}"),
        ("point", "export", "--out", tmp_path / "a.gpkg", f"--month={month}"),
        ("batch", "build", "--as", "clerk", f"--month={month}"),
        ("report", "--out", tmp_path, "--", month),
    )
    for words in calls:
        answer = manage(*words)
        assert (answer.code, answer.out) == (2, ""), words
        assert "应写成 YYYY-MM" in answer.err, words


REFUSALS: list[tuple[tuple[str, ...], str]] = [
    (("grid", "check", "没有"), "no_edition"),
    (("grid", "activate", "没有", "--from", "2016-01-01"), "no_edition"),
    (("grid", "import", "--edition", "乙", "--level", "county=not-there.geojson"), ""),
    (("ingest", "not-there.csv", "--source", "firms"), "bad_input"),
    (("ingest", "not-there.csv", "--source", "rumour"), "no_source"),
    (("ingest", "not-there.csv", "--source", "firms", "--as", "nobody"), "no_user"),
    (("ingest", "withdraw", "999999", "--reason", "坐标系错"), "no_run"),
    (("ingest", "withdraw", "99999999999999999999999", "--reason", "坐标系错"), "no_run"),
    (("ingest", "withdraw", "²", "--reason", "坐标系错"), "no_run"),
    (("point", "show", "999999"), "not_found"),
    (("point", "show", "99999999999999999999999"), "not_found"),
    (("point", "act", "999999", "dispatch", "--as", "clerk"), "not_found"),
    (("point", "act", "999999", "dispatch", "--as", "nobody"), "no_user"),
    (("point", "act", "999999", "extinguish", "--as", "clerk"), "unknown_action"),
    (("point", "act", "999999", "dispatch", "--as", "clerk", "--data", "not-there.json"), "bad_input"),
    (("batch", "show", "999999"), "no_batch"),
    (("batch", "show", "99999999999999999999999"), "no_batch"),
    (("batch", "freeze", "999999", "--as", "clerk"), "no_batch"),
    (("batch", "freeze", "999999", "--as", "nobody"), "no_user"),
    (("batch", "build", "--month", "2023-10", "--as", "finance"), "not_allowed"),
    (("journal", "verify", "--expect", "9:" + "0" * 64), "journal_broken"),
    (("user", "password", "nobody"), "no_user"),
    (("user", "add", "clerk", "--full-name", "演示甲"), "user_exists"),
    (("pack", "load", "not-there"), ""),
    (("jobs", "retry", "999999"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code"), REFUSALS, ids=[" ".join(words) for words, _ in REFUSALS])
def test_a_refusal_ends_with_1_and_one_json_object(city, commands_decide, manage, words, code):
    asked = manage(*words, "--json")
    assert asked.code == 1, asked
    assert code in ("", asked.told["error"])
    assert asked.told["message"]
    plain = manage(*words)
    assert (plain.code, plain.out) == (1, "")
    assert asked.told["message"].splitlines()[0] in plain.err


@pytest.mark.parametrize("words", [("locate",), ("ingest", "a.csv", "--source", "firms")], ids=" ".join)
def test_without_an_edition_nothing_is_located_and_the_remedy_is_named(manage, tmp_path: Path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    from tests.safety.conftest import HEADER, firms_row

    Path("a.csv").write_text(f"{HEADER}\n{firms_row()}\n")
    asked = manage(*words, "--json", stdin="lon,lat\n123.75,41.25\n")
    assert (asked.code, asked.told["error"]) == (1, "no_edition")
    assert "grid import" in asked.told["message"]


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (b"", "firms"),
        (b"\x00\x01\x02\xff\xfe" * 50, "firms"),
        (b"a,b,c\n1,2,3\n", "firms"),
        (b"PK\x03\x04 not really a workbook", "national_list"),
        (b'{"latitude": 41}', "patrol"),
        ("纬度;经度\n41,25;123,75\n".encode("gbk"), "provincial_list"),
        (b"# 2025 12  9 19  0 UTC\n1,2,3\n", "himawari"),
        ("火点编号 纬度 经度 省地县\r\n1 41.2 123.7 溪湖区\r\n".encode("gbk"), "fy4"),
        ("经度,纬度,日期\n125.3,41.2,2999-01-01\n41.2,125.3,2023-10-05\n".encode("utf-16-le"), "national_list"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_refused_or_quarantined_never_a_crash(
    city, manage, tmp_path: Path, content, source
):
    path = tmp_path / ("list.xlsx" if content.startswith(b"PK") else "list.csv")
    path.write_bytes(content)
    asked = manage("ingest", path, "--source", source, "--json")
    if asked.code == 0:
        outcomes = ("kept", "identical", "superseded", "quarantined", "outside")
        assert asked.told["rows"] == sum(asked.told[one] for one in outcomes)
        assert asked.told["kept"] == 0
    else:
        assert asked.code == 1, asked
        assert asked.told["message"]


def test_a_folder_or_a_file_in_the_wrong_place_is_refused_not_a_crash(city, manage, tmp_path: Path):
    occupied = tmp_path / "occupied"
    occupied.write_text("a file, not a folder")
    data = tmp_path / "data.json"
    data.write_text('{"photos": [{"path": "."}], "conclusion": "true"}')
    from tests.factories import points as make

    point = make.dispatched(city)
    for words in (
        ("report", "2023-10", "--out", occupied),
        ("ingest", tmp_path, "--source", "firms"),
        ("grid", "import", "--edition", "乙", "--level", f"county={tmp_path}"),
        ("point", "act", point.pk, "report", "--as", "west", "--data", tmp_path),
        ("point", "act", point.pk, "report", "--as", "west", "--data", data),
    ):
        asked = manage(*words, "--json")
        assert asked.code == 1, (words, asked)
        assert asked.told["message"]


LEVELS = ("county", "township", "village", "group")
FIRMS_OUTCOMES = {"rows": 2361, "kept": 308, "identical": 0, "superseded": 0, "quarantined": 0, "outside": 2053,
                  "notes": 0}  # fmt: skip


class Home:
    """A deployment of its own on SQLite in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in OURS},
            "JINSHAO_HOME": str(folder / "home"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def __call__(self, *words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *map(str, words)]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=self.environment, cwd=ROOT, timeout=300
        )

    def told(self, *words: object) -> dict[str, Any]:
        """The one object of a command that was done."""
        done = self(*words, "--json")
        assert done.returncode == 0, done
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found


def _locate_answers_row_for_row(home: Home) -> None:
    given = [
        "lon,lat,date",
        "123.77,41.29,2023-10-07",
        "123.77,41.29",
        "123.77,41.29,",
        "abc,41.2,2023-10-07",
        "0,0,2023-10-07",
        "123.77,41.29,2023-13-01",
        "123.77,41.29,2015-01-01",
    ]
    done = home("locate", stdin="\n".join(given) + "\n")
    assert done.returncode == 0, done
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == ["lon", "lat", "date", *LEVELS, *(f"{level}_name" for level in LEVELS)]
    assert [",".join(row[:3]).rstrip(",") for row in rows[1:]] == [line.rstrip(",") for line in given[1:]]
    assert [row[3] for row in rows[1:]] == ["210502", "210502", "210502", "", "", "", "210502"]
    assert rows[1][7] == "平山区"
    for line in ("第 5 行", "第 7 行"):
        assert line in done.stderr


def _the_journal_is_proved(home: Home) -> None:
    assert home("journal", "seal").returncode == 0
    proved = home.told("journal", "verify")
    assert (proved["ok"], proved["problems"], proved["unsealed"]) == (True, [], 0)
    head = proved["head"]
    assert home.told("journal", "verify", "--expect", head)["ok"]
    wrong = head[:-1] + ("0" if head[-1] != "0" else "1")
    refused = home("journal", "verify", "--expect", wrong, "--json")
    assert (refused.returncode, json.loads(refused.stdout)["error"]) == (1, "journal_broken")


@pytest.mark.slow
def test_a_fresh_home_without_a_pack_runs_every_command_and_stdout_is_one_object(data_dir: Path, tmp_path: Path):
    """On SQLite, each command a process of its own: what a script outside may rely on (issue, item 8)."""
    home = Home(tmp_path)
    assert home("migrate", "-v0").returncode == 0
    # Without the 10 MB of groups: a level may be absent, and the same code reads it.
    levels = [f"--level={one}={data_dir / f'synthetic_benxi_{one}.geojson'}" for one in LEVELS[:3]]
    loaded = home.told("grid", "import", "--edition", "示意", *levels)
    assert loaded["cells"] == {"county": 6, "township": 49, "village": 508}
    assert home.told("grid", "check", "示意")["ok"]
    assert home.told("grid", "activate", "示意", "--from", "2016-01-01")["state"] == "active"

    firms = ("ingest", data_dir / "firms_viirs_noaa20_liaoning_2023-10.csv", "--source", "firms")
    first = home.told(*firms)
    assert {name: first[name] for name in FIRMS_OUTCOMES} == FIRMS_OUTCOMES
    assert sum(first["counties"].values()) == 308
    again = home.told(*firms)
    assert (again["kept"], again["identical"], again["outside"], again["points"]) == (0, 308, 2053, 0)
    assert home.told("ingest", "withdraw", first["run"], "--reason", "坐标系报错")["state"] == "withdrawn"
    anew = home.told(*firms)
    assert {name: anew[name] for name in (*FIRMS_OUTCOMES, "counties")} == {
        name: first[name] for name in (*FIRMS_OUTCOMES, "counties")
    }

    _locate_answers_row_for_row(home)
    live = home.told("point", "list", "--state", "suspected")
    assert live["count"] == anew["points"]
    built = home.told("batch", "build", "--month", "2023-10")
    assert (built["state"], built["points"], built["amount_fen"], len(built["counties"])) == ("open", 0, 0, 6)
    report = home.told("report", "2023-10", "--out", tmp_path / "out")
    assert (report["amount_fen"], report["amount_daxie"]) == (0, "零元整")
    assert all(Path(one).is_file() for one in report["files"])
    _the_journal_is_proved(home)
