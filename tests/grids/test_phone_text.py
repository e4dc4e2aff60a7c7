"""A telephone cell holds a number that can ring, or says why it does not; whatever else stands there is no reason to lose it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from grids.people.phone_text import digits_of, read_phone, same_number
from grids.people.phones import readable_phone


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("\u202a13800138000\u200b", "13800138000"),
        ("0414-1234567", "0414-1234567"),
        ("（024）41234567", "(024)41234567"),
        ("024-41234567转801", "024-41234567转801"),
        ("400-810-8888", "400-810-8888"),
        ("12345", "12345"),
    ],
)
def test_a_number_that_can_ring_is_read_in_every_dress(text: str, number: str) -> None:
    phone = read_phone(text)
    assert (phone.number, phone.rest, phone.refusal) == (number, "", "")


@pytest.mark.parametrize("text", ["", " ", "无", "—", "/", "暂无", "　"])
def test_a_sign_for_no_number_is_no_number(text: str) -> None:
    assert read_phone(text) == read_phone("")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1380013800", "有 10 位"), ("138001380001", "有 12 位"), ("41234567", "缺区号"), ("7654321", "缺区号"),
        ("1.38001E+10", "丢了末几位"), ("微信", "不是电话号码"), ("12013800138", "不是手机号段"), ("20800138000", "拨不通"),
    ],
)  # fmt: skip
def test_a_number_that_cannot_ring_is_refused_without_repeating_it(text: str, why: str) -> None:
    phone = read_phone(text)
    assert phone.number == ""
    assert why in phone.refusal
    assert text not in phone.refusal
    with pytest.raises(BadInput):
        readable_phone(text)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("13800138000/0414-1234567", "0414-1234567"),
        ("13800138000（微信同号）", "微信同号"),
        ("值班室 13800138000", "值班室"),
    ],
)
def test_the_first_number_is_kept_and_the_rest_is_told(text: str, rest: str) -> None:
    phone = read_phone(text)
    assert (phone.number, phone.rest, phone.refusal) == ("13800138000", rest, "")
    with pytest.raises(BadInput, match="只写一个号码"):
        readable_phone(text)


def test_two_numbers_are_one_however_they_are_written() -> None:
    assert same_number("138-0013-8000", "+8613800138000")
    assert not same_number("13800138000", "13800138001")
    assert digits_of("(024)41234567") == digits_of("024 4123 4567")


@given(st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["", "+86", "86-", "0086 "]), st.booleans())
def test_every_mobile_number_is_read_as_its_digits(number: int, country: str, dashed: bool) -> None:
    plain = str(number)
    text = f"{plain[:3]}-{plain[3:7]}-{plain[7:]}" if dashed else plain
    assert read_phone(f"{country}{text}").number == plain
    assert read_phone(plain[:10]).number == read_phone(f"{plain}0").number == ""
