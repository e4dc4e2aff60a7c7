"""The problems of the money, asked for by `journal verify` and every night: the ledger's rules, the frozen batches, the
vouchers, and the 通报."""

from penalties.batches import frozen, vouchers
from penalties.circulars import making
from penalties.ledger import posting


def check() -> list[str]:
    """Every problem as a Chinese sentence; empty when all is well."""
    return [*posting.problems(), *frozen.problems(), *vouchers.problems(), *making.problems()]
