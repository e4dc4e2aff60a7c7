"""Contradictions across rows of people, posts and payers, beyond the CHECKs of one row; `journal verify` runs it
nightly."""

from django.db.models import Exists, F, OuterRef

from grids.models import Letter, PayerArea, Succession, Term


def problems() -> list[str]:
    """Every contradiction as a Chinese sentence; empty when sound."""
    return [*_overlapping_terms(), *_overlapping_areas(), *_codes_in_a_circle(), *_letters_of_no_pair()]


def _overlapping_terms() -> list[str]:
    """Posts with two people on one day: the constraints hold equal starts and two open ends, not what lies between."""
    later = Term.objects.filter(post=OuterRef("post"), starts__gt=OuterRef("starts"), starts__lt=OuterRef("ends"))
    after_open = Term.objects.filter(post=OuterRef("post"), starts__gt=OuterRef("starts"))
    ended = Term.objects.filter(Exists(later), ends__isnull=False)
    running = Term.objects.filter(Exists(after_open), ends__isnull=True)
    rows = (ended | running).select_related("post").order_by("post_id", "starts")
    return [f"岗位 {term.post} 自 {term.starts} 的任期与后一任期重叠。" for term in rows]


def _overlapping_areas() -> list[str]:
    """Cells with two payers on one day, as for the terms."""
    later = PayerArea.objects.filter(
        cell_code=OuterRef("cell_code"), valid_from__gt=OuterRef("valid_from"), valid_from__lt=OuterRef("valid_to")
    )
    after_open = PayerArea.objects.filter(cell_code=OuterRef("cell_code"), valid_from__gt=OuterRef("valid_from"))
    ended = PayerArea.objects.filter(Exists(later), valid_to__isnull=False)
    running = PayerArea.objects.filter(Exists(after_open), valid_to__isnull=True)
    rows = (ended | running).order_by("cell_code", "valid_from")
    return [f"{area.cell_code} 自 {area.valid_from} 起的扣缴单位与后一条裁定重叠。" for area in rows]


def _codes_in_a_circle() -> list[str]:
    """County codes that lead back to themselves: one sentence a circle."""
    next_code = dict(Succession.objects.values_list("old_code", "new_code"))
    ends = {code: code for code in next_code}
    for _ in next_code:
        ends = {code: next_code.get(end, end) for code, end in ends.items()}
    circles = sorted({end for end in ends.values() if end in next_code})
    return [f"县（区）代码的变更成了一圈：{'、'.join(circles)}。"] if circles else []


def _letters_of_no_pair() -> list[str]:
    wrong = Letter.objects.filter(cell_code=F("upper_code"))
    return [f"{letter} 的上级和下级是同一个网格。" for letter in wrong]
