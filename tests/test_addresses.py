"""Which addresses a download may reach."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.addresses import is_own_machine, is_public, literal, one_of_each_family, resolve

FORBIDDEN = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
]
inside_forbidden = st.sampled_from(FORBIDDEN).flatmap(lambda block: st.ip_addresses(network=block))
PUBLIC = ["8.8.8.8", "151.101.3.42", "2a04:4e42::555", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@given(inside_forbidden)
def test_private_and_reserved_addresses_are_refused_however_they_are_wrapped(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    mapped, nat64 = ipaddress.IPv6Address(0xFFFF << 32 | number), f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"
    six_to_four = ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1)
    for form in (address, mapped, nat64, six_to_four):
        assert not is_public(str(form)), form


@pytest.mark.parametrize(
    "address",
    [
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "fec0::1",
        "2001:db8::1",
        "3fff::1",
        "64:ff9b:1::1",
        "100::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "::127.0.0.1",
        "2002:808:808::1",
    ],
)
def test_local_and_reserved_ipv6_addresses_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_every_address_is_judged(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public(str(address)):
        assert not (address.is_private or address.is_loopback or address.is_link_local or address.is_multicast)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("::1", "::1"),
        ("arxiv.org", None),
        ("localhost.", None),
        ("münchen.example", None),
    ],
)
def test_spellings_of_addresses_are_read_as_a_connection_would(host: str, address: str | None) -> None:
    assert literal(host) == address


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "2130706433", "::1"])
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert is_own_machine(host)


@pytest.mark.parametrize("host", ["arxiv.org", "localhost.example.org", "10.0.0.1"])
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_own_machine(host)


def test_one_address_of_each_family_is_tried() -> None:
    assert one_of_each_family(["2::1", "2::2", "8.8.8.8", "9.9.9.9"]) == ["2::1", "8.8.8.8"]
    assert one_of_each_family(["8.8.8.8"]) == ["8.8.8.8"]


def test_a_name_is_resolved_to_each_address_once() -> None:
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]
    assert resolve("2130706433", 80) == ["127.0.0.1"]
