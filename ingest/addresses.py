"""Which machines a download may reach: those with public addresses.

A vault.yaml from somebody else, or a server that redirects, could otherwise make mivault ask the researcher's own
network: a router's page, a cloud machine's metadata service. What is judged are the addresses that the operating
system's resolver returns, and the connection goes to exactly those, so spellings do not matter ("2130706433",
"0177.0.0.1", "localhost." are all 127.0.0.1) and a second, different answer of the DNS is never asked for.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: how an IPv6-only network writes IPv4 addresses
NOT_PUBLIC = tuple(
    ipaddress.ip_network(block)
    for block in (
        "64:ff9b:1::/48",  # local NAT64, RFC 8215; Python 3.11 calls it global
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "fec0::/10",  # site-local, RFC 3879
        "2002::/16",  # 6to4, whose relays are gone (RFC 7526); Pythons differ on whether it is global
        "3fff::/20",  # documentation, RFC 9637
    )
)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the operating system's order. Raises OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet: not private, loopback, link-local, multicast or reserved.

    IPv6 addresses that carry an IPv4 address (mapped, 6to4, NAT64) are judged by that one too; Teredo is never public.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    return all(_is_public(candidate) for candidate in (address, *_carried(address)) if candidate is not None)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return True  # judged by the address it carries
    if any(address in block for block in NOT_PUBLIC):
        return False
    reserved = address.is_reserved and address not in NAT64
    return address.is_global and not address.is_multicast and not reserved


def _carried(address: Address) -> Sequence[Address | None]:
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    nat64 = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
    return (address.ipv4_mapped, nat64)


def literal(host: str) -> str | None:
    """The address that a host name is without any DNS: "127.1" is 127.0.0.1; None for a real name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))  # decimal, octal, hexadecimal and short forms
    except (OSError, UnicodeEncodeError):
        return None


def is_own_machine(host: str) -> bool:
    """Whether a name means this machine, without asking the DNS: localhost names and loopback literals."""
    name = host.rstrip(".").lower()
    address = literal(name)
    loopback = address is not None and ipaddress.ip_address(address).is_loopback
    return loopback or name == "localhost" or name.endswith(".localhost")


def one_of_each_family(addresses: Sequence[str]) -> list[str]:
    """The first IPv4 and the first IPv6 address, in the order given: where one family has no route, the other may."""
    firsts: dict[bool, str] = {}
    for address in addresses:
        firsts.setdefault(":" in address, address)
    return list(firsts.values())
