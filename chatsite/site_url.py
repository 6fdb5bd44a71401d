"""scheme://host[:port] as a browser writes it in `Origin` and `Host`.

What a person types is compared with these byte for byte, so it takes the same form first.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}


def normal(value: str) -> SplitResult:
    """Lower case, ASCII, brackets only where they belong, no default port. Raises ValueError."""
    parts = urlsplit(value.strip().rstrip("/"))
    port = parts.port  # raises ValueError for what is no port
    bare = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not bare or port == 0:
        raise ValueError(value)
    host = _host(parts.hostname, "[" in parts.netloc)
    shown = "" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return SplitResult(parts.scheme, host + shown, "", "", "")


def _host(name: str, in_brackets: bool) -> str:
    if in_brackets:
        address = IPv6Address(name)
        if address.scope_id or address.ipv4_mapped:
            raise ValueError(name)  # a zone of this machine, or an IPv4 address in disguise
        return f"[{address.compressed}]"
    ascii_name = idna.encode(name.removesuffix("."), uts46=True).decode()
    # Browsers read a name that ends in a number as an address: 127.1 is 127.0.0.1.
    last = ascii_name.rpartition(".")[2]
    if last.isdecimal() or last.startswith("0x"):
        return str(IPv4Address(ascii_name))
    return ascii_name


def is_loopback(host: str) -> bool:
    """Whether browsers trust this host, without brackets and port, without TLS."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
