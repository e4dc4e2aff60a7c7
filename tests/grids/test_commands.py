"""The command contract: names, shapes, exit codes."""

import csv
import io
import json
import random

import pytest
from django.core.management import CommandError, call_command

from core.commands import Usage
from grids import locating
from grids.models import Edition, User
from grids.selectors import is_designated, roles_of
from tests.factories.city import IN_EAST, IN_WEST, WEST, build_city
from tests.grids.files import two_counties, write

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[int, dict]:
    """Exit code and the JSON object."""
    out = io.StringIO()
    try:
        call_command(*words, "--json", stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue() or "null")
    return 0, json.loads(out.getvalue())


def load(tmp_path, name: str = "甲版") -> None:
    assert run("grid", "import", "--edition", name, "--level", f"county={two_counties(tmp_path)}")[0] == 0


@pytest.mark.embedded
def test_grid_import_check_and_activate_in_a_fresh_home(tmp_path):
    code, result = run("grid", "import", "--edition", "甲版", "--level", f"county={two_counties(tmp_path)}")
    assert (code, result["edition"], result["cells"], result["unchanged"]) == (0, "甲版", {"county": 2}, False)
    code, result = run("grid", "check", "甲版")
    assert (code, result["ok"], result["gaps"]) == (0, True, [])
    code, result = run("grid", "activate", "甲版", "--from", "2016-01-01")
    assert (code, result["state"], result["valid_from"]) == (0, "active", "2016-01-01")
    assert Edition.objects.get().state == "active"


def test_importing_the_same_again_is_done_and_says_so(tmp_path):
    load(tmp_path)
    code, result = run("grid", "import", "--edition", "甲版", "--level", f"county={two_counties(tmp_path)}")
    assert (code, result["unchanged"]) == (0, True)


def test_a_refusal_is_exit_code_1_with_code_and_message(tmp_path):
    load(tmp_path)
    empty = write(tmp_path / "empty.geojson")
    code, result = run("grid", "import", "--edition", "乙版", "--level", f"county={empty}")
    assert (code, result["error"]) == (1, "empty_file")
    assert result["message"]
    assert run("grid", "check", "没有")[0] == 1
    assert run("grid", "activate", "没有", "--from", "2016-01-01")[0] == 1
    assert run("grid", "import", "--edition", "丙", "--level", "kounty=x.geojson")[0] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("grid", "import", "--edition", "甲版", "--level", "county"),
        ("grid", "import", "--edition", "甲版", "--level", "county=a", "--level", "county=b"),
        ("grid", "import", "--edition", "甲版", "--level", "county=a", "--map", "code"),
        ("grid", "activate", "甲版", "--from", "2016-13-01"),
        ("user", "add", "zhang", "--full-name", "演示甲", "--post", "bureau"),
        ("user", "add", "zhang", "--full-name", "演示甲", "--post", "king@2105"),
    ],
)
def test_wrong_usage_is_exit_code_2(words):
    with pytest.raises(Usage) as usage:
        call_command(*words, stdout=io.StringIO())
    assert usage.value.returncode == 2
    assert not User.objects.filter(username="zhang").exists()


def test_user_add_gives_posts_designation_and_a_password_shown_once():
    build_city()
    code, result = run("user", "add", "zhang", "--full-name", "演示甲", "--post", f"county@{WEST}",
                       "--designated-by", "甲政办〔2023〕1号")  # fmt: skip
    assert code == 0
    zhang = User.objects.get(username="zhang")
    assert zhang.check_password(result["password"])
    assert result["roles"] == ["county"]
    assert is_designated(zhang, WEST)
    assert "password" not in run("user", "list")[1]["users"][0]


def test_user_add_on_the_root_and_beside_another_holder_of_the_same_kind():
    build_city()
    for name in ("zhang", "li"):
        assert run("user", "add", name, "--full-name", f"演示{name}", "--post", "recogniser@root")[0] == 0
    assert all(roles_of(User.objects.get(username=name)) == {"recogniser"} for name in ("zhang", "li"))


def test_user_password_resets_it():
    build_city()
    code, result = run("user", "password", "clerk")
    assert code == 0
    assert User.objects.get(username="clerk").check_password(result["password"])
    assert run("user", "password", "nobody")[0] == 1


class Terminal:
    """What `locate` reads and writes."""

    def __init__(self, monkeypatch) -> None:
        self.monkeypatch = monkeypatch
        self.err = io.StringIO()

    def __call__(self, text: str | bytes, *words: str) -> str:
        data = text if isinstance(text, bytes) else text.encode()
        stdin = io.TextIOWrapper(io.BytesIO(data), "utf-8")
        self.monkeypatch.setattr("sys.stdin", stdin)
        out = io.StringIO()
        call_command("locate", *words, stdout=out, stderr=self.err)
        return out.getvalue()


@pytest.fixture
def locate(monkeypatch):
    locating.forget()
    return Terminal(monkeypatch)


HEADER = "lon,lat,date,county,township,village,group,county_name,township_name,village_name,group_name\n"
WEST_CELLS = f"{WEST},{WEST}001,{WEST}001001,,甲县,甲县南乡,南村,\n"


@pytest.mark.embedded
def test_locate_appends_codes_and_names_to_each_row(locate):
    build_city()
    assert locate("lon,lat,date\n123.75,41.25,2023-10-07\n1,2,\n") == (
        HEADER + "123.75,41.25,2023-10-07," + WEST_CELLS + "1,2,,,,,,,,,\n"
    )
    assert locate.err.getvalue() == ""


def test_locate_keeps_every_row_in_its_place_whatever_is_wrong_with_it(locate):
    build_city()
    rows = [
        "x,41.25,",
        "nan,41.25,",
        "123.75,41.25,2023-13-01",
        "",
        "123.75",
        "123.75,41.25,2023-10-07,more",
        "123.75,41.25",
    ]
    found = locate("\n".join(["lon,lat,date", *rows, ""])).splitlines()
    blank = "," * 8
    assert found[1:] == [
        rows[0] + blank,
        rows[1] + blank,
        rows[2] + blank,
        "",
        "123.75,," + blank,
        rows[5] + blank,
        "123.75,41.25,," + WEST_CELLS.strip(),
    ]
    said = locate.err.getvalue()
    assert [f"第 {line} 行" in said for line in (2, 3, 4, 5, 6, 7, 8)] == [True, True, True, False, True, True, False]


def test_locate_returns_a_thousand_shuffled_points_in_their_order(locate):
    build_city()
    rng = random.Random(7)
    points = [rng.choice([IN_WEST, IN_EAST, (1.0, 2.0)]) for _ in range(1000)]
    answer = csv.DictReader(io.StringIO(locate("lon,lat\n" + "".join(f"{x},{y}\n" for x, y in points))))
    expected = {IN_WEST: "甲县", IN_EAST: "乙县", (1.0, 2.0): ""}
    assert [row["county_name"] for row in answer] == [expected[point] for point in points]


def test_locate_finds_its_columns_by_name_and_keeps_the_others(locate):
    build_city()
    text = locate('序号,LAT,备注,Lon\n1,41.25,"甲,\n乙",123.75\n'.encode("utf-8-sig"))
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["序号"], row["备注"], row["county"]) == ("1", "甲,\n乙", WEST)


def test_locate_says_when_a_date_lies_before_the_first_edition(locate):
    build_city()
    assert WEST in locate("lon,lat,date\n123.75,41.25,2001-01-01\n")
    assert "早于第一个边界版本" in locate.err.getvalue()


def test_locate_undoes_a_declared_datum(locate):
    build_city()
    # 123.797 in GCJ-02 is west of the border at 123.80; 123.803 is too, for GCJ-02 lies about 0.006° east here.
    text = "lon,lat\n123.803,41.25\n"
    assert "乙县" in locate(text)
    assert "甲县" in locate(text, "--datum", "gcj02")


def test_locate_as_json_is_one_object(locate):
    build_city()
    result = json.loads(locate("lon,lat\n123.75,41.25\nx,y\n", "--json"))
    assert (result["rows"], result["located"], result["outside"], result["errors"]) == (2, 1, 0, 1)
    assert result["points"][0]["county"] == WEST
    assert result["problems"][0]["line"] == 3


@pytest.mark.parametrize("header", ["", "x,y\n1,2\n", "lon,lat,lat\n1,2,3\n"])
def test_locate_refuses_a_wrong_header_and_prints_nothing(locate, header):
    build_city()
    with pytest.raises(CommandError) as refused:
        locate(header)
    assert refused.value.returncode == 1
    assert "lon,lat" in str(refused.value)


def test_locate_without_an_edition_is_refused_with_what_to_do(locate):
    with pytest.raises(CommandError) as refused:
        locate("lon,lat\n123.75,41.25\n")
    assert refused.value.returncode == 1
    assert "grid activate" in str(refused.value)
