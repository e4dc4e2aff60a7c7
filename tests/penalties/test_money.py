"""How a finance paper writes an amount."""

from decimal import Decimal

import pytest

from penalties import money
from tests.penalties.capital_amounts import parse_daxie


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "零元整"),
        (3_000_000, "叁万元整"),
        (10_000_000, "壹拾万元整"),
        (33_000_000, "叁拾叁万元整"),
        (105_000_000, "壹佰零伍万元整"),
        (30_000_000, "叁拾万元整"),
        (1_000_000_000, "壹仟万元整"),
        (10_000_000_000, "壹亿元整"),
        (10_000_000_100, "壹亿零壹元整"),
        (1_000_300_000_000, "壹佰亿零叁佰万元整"),
        (100_000_000_000_000, "壹万亿元整"),
        # The five examples of the rules of the People's Bank.
        (140_950, "壹仟肆佰零玖元伍角整"),
        (600_714, "陆仟零柒元壹角肆分"),
        (168_032, "壹仟陆佰捌拾元叁角贰分"),
        (10_700_053, "壹拾万柒仟元伍角叁分"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
        (32_504, "叁佰贰拾伍元零肆分"),
        (50, "伍角整"),
        (5, "伍分"),
        (10_001_00, "壹万零壹元整"),
        (-3_000_000, "负叁万元整"),
    ],
)
def test_capital_amounts_follow_the_rules_of_the_peoples_bank(fen: int, text: str) -> None:
    assert money.daxie(fen) == text
    assert parse_daxie(text) == fen


def test_the_total_line_says_renminbi() -> None:
    assert money.rmb(33_000_000) == "人民币叁拾叁万元整"
    assert parse_daxie("人民币叁拾叁万元整") == 33_000_000


@pytest.mark.parametrize(
    ("fen", "in_wan", "in_yuan"),
    [
        (0, "0", "0.00"),
        (3_000_000, "3", "30,000.00"),
        (33_000_000, "33", "330,000.00"),
        (500_000, "0.5", "5,000.00"),
        (1, "0.000001", "0.01"),
        (-3_000_050, "-3.00005", "-30,000.50"),
        (1_050_000_000, "1,050", "10,500,000.00"),
    ],
)
def test_wan_and_yuan_lose_no_fen(fen: int, in_wan: str, in_yuan: str) -> None:
    assert money.wan(fen) == in_wan
    assert money.yuan(fen) == in_yuan


@pytest.mark.parametrize("amount", ["30,000.00", "30000", 30000, Decimal("30000.00")])
def test_an_amount_in_yuan_is_read_as_fen(amount: str | int | Decimal) -> None:
    assert money.fen_from_yuan(amount) == 3_000_000


@pytest.mark.parametrize("amount", [0.1, True, "三万", "1.005", "", "NaN", "Infinity"])
def test_an_amount_that_is_not_whole_fen_is_refused(amount: str | int | Decimal) -> None:
    with pytest.raises(ValueError, match="金额"):
        money.fen_from_yuan(amount)


@pytest.mark.parametrize("text", ["", "叁万", "三万元整", "叁万元", "零万元整", "壹壹元整", "叁万元整整", "叁角元"])
def test_a_capital_amount_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="大写"):
        parse_daxie(text)


def test_an_amount_beyond_the_notation_is_refused() -> None:
    assert money.daxie(money.MAX_FEN).startswith("玖仟玖佰玖拾玖万玖仟玖佰玖拾玖亿")
    with pytest.raises(ValueError, match="大写范围"):
        money.daxie(money.MAX_FEN + 1)
