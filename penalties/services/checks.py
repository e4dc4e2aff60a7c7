"""What must hold of the money, asked by `journal verify` and every night: the ledger's rules, and the frozen batches."""

from penalties.services import batches, ledger


def check() -> list[str]:
    """Every problem as a Chinese sentence; empty when all is well."""
    return ledger.problems() + batches.frozen_problems()
