"""Union of positions under links, with pairs that must stay apart: always the same result, whatever came first."""

from __future__ import annotations

import numpy as np

from firepoints.grouping.model import Bools, Ints, Links


def components(size: int, a: Ints, b: Ints) -> Ints:
    """For each of `size` nodes the least node of its component under the edges (a, b)."""
    root = np.arange(size, dtype=np.int64)
    while len(a):
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while True:
            above = root[root]
            if np.array_equal(above, root):
                break
            root = above
        # What is left are the edges between different roots.
        a, b = root[a], root[b]
        differ = a != b
        a, b = a[differ], b[differ]
    return root


def contracted(root: Ints, a: Ints, b: Ints) -> Ints:
    """`root` (the least node of each group) with the groups united that the edges (a, b) connect."""
    if not len(a):
        return root
    return components(len(root), root[a], root[b])[root]


def merge(root: Ints, links: Links, apart: Ints) -> Ints:
    """`root` with the groups united that `links` connect, no pair of `apart` ending in one group.

    Only where a pair would, the links are taken one by one, strongest first, and those that would unite it left out.
    """
    united = contracted(root, links.a, links.b)
    broken = broken_groups(united, apart)
    if not len(broken):
        return united
    redo = np.isin(united, broken)
    inside = links.where(redo[links.a])
    slow = Careful(root, redo, apart)
    for i in inside.strongest_first():
        slow.unite(int(inside.a[i]), int(inside.b[i]))
    return np.where(redo, slow.roots(root), united)


def attach(root: Ints, item: Ints, links: Links, apart: Ints) -> Ints:
    """`root` with each group of `item` nodes added to the one group at the other end of its strongest link.

    `item[i]` is the end of link i to be attached; nothing is attached twice, so no item bridges two groups.
    """
    if not len(links):
        return root
    host = np.where(links.a == item, links.b, links.a)
    order = links.strongest_first()
    _, first = np.unique(root[item[order]], return_index=True)
    chosen = order[first]
    joined = contracted(root, item[chosen], host[chosen])
    broken = broken_groups(joined, apart)
    if not len(broken):
        return joined
    redo_links = np.isin(root[item], root[item[chosen]][np.isin(joined[item[chosen]], broken)])
    sound = chosen[~redo_links[chosen]]
    base = contracted(root, item[sound], host[sound])
    redo = np.isin(base, np.unique(np.r_[base[item[redo_links]], base[host[redo_links]]]))
    slow, done = Careful(base, redo, apart), set[int]()
    for i in order[redo_links[order]]:
        unit = int(root[item[i]])
        if unit not in done and slow.unite(int(item[i]), int(host[i])):
            done.add(unit)
    return np.where(redo, slow.roots(base), base)


def broken_groups(root: Ints, apart: Ints) -> Ints:
    """The groups in which a pair that must stay apart has met."""
    met = root[apart[:, 0]] == root[apart[:, 1]]
    return np.unique(root[apart[met, 0]])


def groups_with(root: Ints, mask: Bools) -> Bools:
    """For each node whether its group has a member in `mask`."""
    has = np.zeros(len(root), dtype=bool)
    has[root[mask]] = True
    return np.asarray(has[root])


class Careful:
    """Union one by one with forbidden pairs, for the few groups that need it."""

    def __init__(self, root: Ints, nodes: Bools, apart: Ints) -> None:
        self.parent = {int(r): int(r) for r in np.unique(root[nodes])}
        self.start = {int(n): int(root[n]) for n in np.flatnonzero(nodes)}
        self.foes: dict[int, set[int]] = {}
        for a, b in apart[nodes[apart[:, 0]] & nodes[apart[:, 1]]]:
            root_a, root_b = int(root[a]), int(root[b])
            self.foes.setdefault(root_a, set()).add(root_b)
            self.foes.setdefault(root_b, set()).add(root_a)

    def find(self, node: int) -> int:
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def unite(self, a: int, b: int) -> bool:
        """Whether the groups of a and b are one afterwards."""
        low, high = sorted((self.find(self.start[a]), self.find(self.start[b])))
        if low == high:
            return True
        if high in self.foes.get(low, ()):
            return False
        self.parent[high] = low
        for foe in self.foes.pop(high, set()):
            self.foes[foe].discard(high)
            self.foes[foe].add(low)
            self.foes.setdefault(low, set()).add(foe)
        return True

    def roots(self, root: Ints) -> Ints:
        """The new root of every node that was given, the old one of all others."""
        roots = root.copy()
        for node, start in self.start.items():
            roots[node] = self.find(start)
        return roots
