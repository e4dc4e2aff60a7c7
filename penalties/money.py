"""Money as integer fen (分), and the ways a Chinese finance paper writes it.

Floats never appear: 3 万元 is 3_000_000 fen, and every text here is exact. The capital form follows the rules of the
People's Bank for filling in bills (《正确填写票据和结算凭证的基本规定》), as finance tables use it (policy.md §7).
"""

from decimal import Decimal, InvalidOperation

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
# 万亿 is the largest unit the notation names without ambiguity: below 10^16 yuan.
MAX_FEN = 10**16 * FEN_PER_YUAN - 1

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("仟", 1000), ("佰", 100), ("拾", 10), ("", 1)
GROUPS = ("亿", 10**8), ("万", 10**4)


def yuan(fen: int) -> str:
    """Yuan with thousands separators and two decimals: 3_000_000 → ``30,000.00``."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{sign}{whole:,}.{rest:02d}"


def yuan_whole(fen: int) -> str:
    """Yuan as a screen shows them: 3_000_000 → ``30,000``, −3_000_000 → ``−30,000``; fen only where there are any."""
    text = yuan(abs(fen)).removesuffix(".00")
    return f"−{text}" if fen < 0 else text


def wan(fen: int) -> str:
    """万元, exact, without trailing zeros: 33_000_000 → ``33``; 1 fen → ``0.000001``."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), FEN_PER_WAN)
    decimals = f"{rest:06d}".rstrip("0")
    return f"{sign}{whole:,}" + (f".{decimals}" if decimals else "")


def fen_from_yuan(amount: str | int | Decimal) -> int:
    """Fen of an amount in yuan (``"30,000.00"``, ``30000``).

    Raises ValueError for anything that is not a whole number of fen; a float is refused: it already lost the cents.
    """
    if isinstance(amount, (bool, float)):
        raise ValueError("金额不能用浮点数，请写成文字或整数。")
    try:
        fen = Decimal(str(amount).replace(",", "").replace("，", "").strip()) * FEN_PER_YUAN
        if not fen.is_finite() or fen != fen.to_integral_value():
            raise ValueError(f"金额“{amount}”应精确到分。")
    except InvalidOperation as error:
        raise ValueError(f"金额“{amount}”不是数字。") from error
    return int(fen)


def daxie(fen: int) -> str:
    """The amount in capital characters without the word 人民币: 3_000_000 → ``叁万元整``.

    Zero is ``零元整``; a negative amount (a refund) starts with ``负``. 整 closes an amount that ends at 元 or 角.
    Raises ValueError from 10^16 yuan.
    """
    if abs(fen) > MAX_FEN:
        raise ValueError(f"金额超出大写范围：{fen} 分。")
    if fen < 0:
        return "负" + daxie(-fen)
    whole, rest = divmod(fen, FEN_PER_YUAN)
    jiao, cents = divmod(rest, 10)
    if not rest:
        return (_capital(whole) or "零") + "元整"
    text = _capital(whole) + "元" if whole else ""
    if jiao:
        text += DIGITS[jiao] + "角"
    elif whole:
        text += "零"  # ¥325.04 叁佰贰拾伍元零肆分: the missing 角 is said
    return text + (DIGITS[cents] + "分" if cents else "整")


def rmb(fen: int) -> str:
    """人民币 in front of the capital form, as a total line prints it: ``人民币叁拾叁万元整``."""
    return "人民币" + daxie(fen)


def _capital(number: int) -> str:
    """Capital characters of a whole number; empty for zero. A gap of zeros is said once, and only inside the number."""
    for unit, size in GROUPS:
        if number >= size:
            high, low = divmod(number, size)
            gap = "零" if 0 < low < size // 10 else ""
            return _capital(high) + unit + gap + _capital(low)
    text, pending = "", False
    for unit, size in PLACES:
        digit, number = divmod(number, size)
        if digit:
            text += ("零" if pending and text else "") + DIGITS[digit] + unit
            pending = False
        else:
            pending = True
    return text
