"""The text of a file, whatever program wrote it, and the words of a file that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.encodings import FileError, decode, encodings_of

LIST = "序号,县（区）,经度\n1,甲县,123.71\n2,乙区,123.72\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (LIST.encode("utf-8"), "utf-8-sig"),
        (LIST.encode("utf-8-sig"), "utf-8-sig"),
        (LIST.encode("gbk"), "gb18030"),
        (LIST.encode("gb2312"), "gb18030"),
        (LIST.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + LIST.encode("utf-16-be"), "utf-16"),
        (LIST.encode("utf-16-le"), "utf-16-le"),
        (LIST.encode("utf-16-be"), "utf-16-be"),
        (LIST.encode("utf-32"), "utf-32"),
    ],
)
def test_a_list_is_read_in_the_encoding_of_the_program_that_wrote_it(data: bytes, encoding: str) -> None:
    assert decode(data) == (LIST, encoding)


def test_a_rare_character_of_a_village_name_survives_gb18030() -> None:
    text = "㼆村,𠮷家屯\n"
    assert decode(text.encode("gb18030")) == (text, "gb18030")


@given(
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1),
    st.sampled_from(["utf-8-sig", "utf-16"]),
)
def test_any_chinese_text_with_a_bom_reads_back_as_itself(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding))[0] == text


def test_a_null_character_becomes_the_mark_of_an_unreadable_one() -> None:
    assert decode(b"a\x00bcd") == ("a\ufffdbcd", "utf-8-sig")


@pytest.mark.parametrize("data", [b"", b" \r\n\t\n"])
def test_a_file_without_a_character_is_empty(data: bytes) -> None:
    with pytest.raises(FileError, match="文件是空的") as refused:
        decode(data)
    assert refused.value.code == "empty_file"


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\x81\x20\xff", b"\xff\xfe\x00\xd8\x00"])
def test_bytes_of_no_encoding_are_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(FileError) as refused:
        decode(data)
    assert (refused.value.code, refused.value.todo) == ("encoding", "请另存为 UTF-8 或 GBK 编码的 CSV")


def test_nulls_on_no_side_in_particular_are_no_utf_16() -> None:
    assert encodings_of(b"\x00\x00ab" * 20) == ("utf-8-sig", "gb18030")
    assert encodings_of(b"ab\x00") == ("utf-8-sig", "gb18030")


def test_the_error_of_a_file_says_where_what_and_what_to_do() -> None:
    assert str(FileError("有 300 列", where="工作表 表2", todo="请只保留名单")) == "工作表 表2：有 300 列。请只保留名单"
    assert str(FileError("打不开")) == "文件：打不开"
