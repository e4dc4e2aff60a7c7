"""Capital amounts read back: what the tests hold the written form against."""

from penalties.money import DIGITS, FEN_PER_YUAN, GROUPS, daxie

PLACE_VALUES = {"拾": 10, "佰": 100, "仟": 1000}


def parse_daxie(text: str) -> int:
    """Fen of a capital amount as `penalties.money.daxie` writes it (with or without 人民币). Raises ValueError otherwise."""
    body = text.removeprefix("人民币")
    sign = -1 if body.startswith("负") else 1
    fen = sign * _parse_positive(body.removeprefix("负").removesuffix("整"), text)
    if daxie(fen) != text.removeprefix("人民币"):
        raise ValueError(f"“{text}”不是规范的大写金额。")
    return fen


def _parse_positive(body: str, text: str) -> int:
    whole, unit_yuan, rest = body.rpartition("元")
    fen = _parse_whole(whole, text) * FEN_PER_YUAN if unit_yuan else 0
    for unit, size in (("角", 10), ("分", 1)):
        head, mark, tail = rest.partition(unit)
        if mark:
            fen += _digit(head.removeprefix("零"), text) * size
            rest = tail
    if rest:
        raise ValueError(f"“{text}”不是规范的大写金额。")
    return fen


def _parse_whole(text: str, original: str) -> int:
    for unit, size in GROUPS:
        head, mark, tail = text.rpartition(unit)
        if mark:
            return _parse_whole(head, original) * size + _parse_whole(tail, original)
    total, digit = 0, 0
    for char in text:
        if char in PLACE_VALUES:
            total += digit * PLACE_VALUES[char]
            digit = 0
        else:
            digit = _digit(char, original)
    return total + digit


def _digit(char: str, original: str) -> int:
    value = DIGITS.find(char) if len(char) == 1 else -1
    if value < 0:
        raise ValueError(f"“{original}”不是规范的大写金额。")
    return value
