"""Our answer in somebody else's CSV: appended, and the lines before it keep their bytes."""

import csv
import io

import pytest

from firepoints.feedback.delimited import append_columns

LIST = '某省清单,,\r\n序号,县,经度\r\n1,甲县,123.75\r\n2,"乙\n县",123.85\r\n3,丙县\r\n合计,3,\r\n'
ADDED = {2: ("核实结果", "核实说明"), 3: ("属实", "HD-1"), 4: ("不属实（荒草）", "a,b"), 5: ("=1+1", "-x")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_each_record_gets_its_answer_and_the_rest_stays(encoding):
    data = LIST.encode(encoding)
    out = append_columns(data, ADDED)
    assert out[:2] == data[:2]
    text = out.decode(encoding)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["某省清单", "", ""]
    assert rows[1] == ["序号", "县", "经度", "核实结果", "核实说明"]
    assert rows[3] == ["2", "乙\n县", "123.85", "不属实（荒草）", "a,b"]
    assert rows[4] == ["3", "丙县", "", "'=1+1", "'-x"]
    assert rows[5] == ["合计", "3", ""]
    for before, after in zip(LIST.split("\r\n"), text.split("\r\n"), strict=True):
        assert after.startswith(before)


def test_a_file_without_a_last_line_end_gets_none():
    assert append_columns(b"a,b\n1,2", {1: ("x",), 2: ("y",)}) == b"a,b,x\n1,2,y"
