"""Which IP addresses are on the public internet, and so may be called for somebody who only gave us a URL.

A table of our own: ``ipaddress.is_global`` lets multicast through, and the prefixes that carry an IPv4 address in an
IPv6 one. Sources: the IANA registries of special-purpose addresses for IPv4 and IPv6, and of IPv6 address space, 2026.
A block that is special is refused whole, also where the registry calls a part of it globally reachable.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Networks = tuple[IPv4Network | IPv6Network, ...]


def parse_networks(texts: Iterable[str]) -> Networks:
    """Networks in CIDR form (``10.1.0.0/16``) or single addresses; raises ValueError naming the bad one."""
    return tuple(ip_network(text) for text in texts)


SPECIAL_IPV4: Networks = parse_networks(
    (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; cloud metadata services too
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # the platform's own service on each Azure machine; a public number, but never public
        "169.254.0.0/16",  # link-local; cloud metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Of IPv6 only this is handed out for the public internet. Loopback, link-local, site-local, unique local, multicast,
# discard, SRv6, IPv4-mapped, -compatible and -translated, and NAT64's prefixes all lie outside.
PUBLIC_IPV6 = IPv6Network("2000::/3")
SPECIAL_IPV6: Networks = parse_networks(
    (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, AMT, AS112, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)


def is_public(address: str) -> bool:
    """Whether this IP address is on the public internet; one that is no address, or names an interface, is not."""
    parsed = _parse(address)
    if isinstance(parsed, IPv4Address):
        return not is_listed(address, SPECIAL_IPV4)
    return parsed is not None and parsed in PUBLIC_IPV6 and not is_listed(address, SPECIAL_IPV6)


def is_listed(address: str, networks: Networks) -> bool:
    """Whether one of the networks holds this IP address."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return None if getattr(parsed, "scope_id", None) else parsed
