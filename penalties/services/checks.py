"""The problems of the money, asked for by `journal verify` and every night: the ledger's rules, the frozen batches, and the 通报."""

from penalties.services import circulars, frozen, ledger


def check() -> list[str]:
    """Every problem as a Chinese sentence; empty when all is well."""
    return ledger.problems() + frozen.problems() + circulars.problems()
