"""Any amount written is the amount read."""

import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from penalties import money
from tests.penalties.capital_amounts import parse_daxie

FEN = st.one_of(
    st.integers(-money.MAX_FEN, money.MAX_FEN),
    st.integers(-10_000, 10_000),
    st.integers(0, 10**9).map(lambda count: count * 3_000_000),
)


@given(FEN)
def test_a_capital_amount_reads_back_as_itself(fen: int) -> None:
    assert parse_daxie(money.daxie(fen)) == fen


@given(FEN)
def test_a_capital_amount_never_says_zero_twice_or_before_a_unit(fen: int) -> None:
    text = money.daxie(fen)
    assert "零零" not in text
    assert fen == 0 or not re.search("零[元万亿角拾佰仟整]", text)


@given(FEN)
def test_yuan_reads_back_as_itself(fen: int) -> None:
    assert money.fen_from_yuan(money.yuan(fen)) == fen


@given(FEN)
def test_wan_is_exact(fen: int) -> None:
    text = money.wan(fen)
    assert Decimal(text.replace(",", "")).scaleb(6) == fen
    assert not text.endswith(".")
