"""Addresses of the internet as people write them, and how many of them are one customer."""

from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address
UNNAMED = "X-Client-Unnamed"  # the door's own mark: a proxy did not say whose request it is
LOCALHOST = {ip_address("127.0.0.1"), ip_address("::1")}


def parse(text: str) -> Address:
    """Without what some systems add: an interface, or IPv6 around an IPv4. Raises ValueError."""
    parsed = ip_address(text.partition("%")[0])
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed


def counted(address: Address) -> str | None:
    """The network that an address counts for. None for localhost: somebody who is here needs no
    connections to do harm. What comes by another address of loopback chose it, and counts."""
    return None if address in LOCALHOST else network(address)


def network(address: Address) -> str:
    """What counts as one: an IPv4 address, or the /64 that one customer gets in IPv6."""
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
