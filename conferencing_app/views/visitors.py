"""Where a visitor comes from, as far as that can't be made up."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.http import HttpRequest

from conferencing_app.addresses import Networks, is_listed, parse_networks
from conferencing_app.conf import settings

# What one household, or one attacker, has of IPv6 at least.
IPV6_PREFIX = 64


def network_of(request: HttpRequest) -> str:
    """The visitor's network: an IPv4 address, or 64 bits of an IPv6 one; empty where it is not known.

    Of X-Forwarded-For only what TRUSTED_PROXIES have written is believed: its end.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    trusted = parse_networks(settings.TRUSTED_PROXIES)
    # A peer without an address is a proxy on this machine, connected by a socket file.
    if trusted and (not peer or is_listed(peer, trusted)):
        peer = _before_proxies(request.headers.get("X-Forwarded-For", ""), trusted) or peer
    return _network(peer)


def _before_proxies(forwarded: str, trusted: Networks) -> str:
    hops = [hop.strip() for hop in reversed(forwarded.split(","))]
    return next((hop for hop in hops if not is_listed(hop, trusted)), "")


def _network(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return text  # what a proxy calls somebody whose address it does not know
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Network((int(address), IPV6_PREFIX), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)
