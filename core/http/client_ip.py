"""The address of a request's client, behind proxies or not; for the lock after wrong passwords and for rate limits.

X-Forwarded-For is read from its right end, past the proxies that we trust and no further: what stands left of the first
stranger was written by the stranger.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
UNIX = "unix"
"""In TRUSTED_PROXIES: a proxy that comes over a local socket, and so without an address."""


def client_ip(request: HttpRequest) -> str:
    """The nearest address that is no proxy of ours; "" when there is none, as over a local socket."""
    trusted = tuple(getattr(settings, "TRUSTED_PROXIES", ()))
    peer = str(request.META.get("REMOTE_ADDR") or "")
    here = _address(peer)
    if not _is_trusted(here, trusted):
        return str(here) if here else ""
    for text in reversed(str(request.META.get("HTTP_X_FORWARDED_FOR") or "").split(",")):
        hop = _address(text)
        if hop is None:
            break  # an unreadable part: nothing left of it can be believed
        here = hop
        if not _is_trusted(hop, trusted):
            break
    return str(here) if here else ""


def _address(text: str) -> Address | None:
    """The address in one part of the header, its port left out; None where it is none. An IPv4-mapped one is the IPv4 one."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address | None, trusted: tuple[str, ...]) -> bool:
    if address is None:
        return UNIX in trusted
    return any(address in network for network in networks(trusted) if network.version == address.version)


@lru_cache
def networks(trusted: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks of a setting. Raises ValueError, naming the word, for what is neither address nor network."""
    return tuple(ip_network(network, strict=False) for network in trusted if network != UNIX)
