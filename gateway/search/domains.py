"""Which pages a client lets the search find."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from gateway.search.values import Hit, WebSearch


def permitted(hits: Iterable[Hit], search: WebSearch) -> tuple[Hit, ...]:
    """The hits on pages of allowed sites and of none that is blocked."""
    return tuple(hit for hit in hits if _permitted(hit.url, search))


def _permitted(url: str, search: WebSearch) -> bool:
    """An address that is none of the web's is never shown."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host:
        return False
    if any(_covers(domain, host, parts.path) for domain in search.blocked_domains):
        return False
    allowed = search.allowed_domains
    return not allowed or any(_covers(domain, host, parts.path) for domain in allowed)


def _covers(domain: str, host: str, path: str) -> bool:
    """Whether a domain, with or without a path, stands for an address. A ``*`` in the path ends what is compared."""
    site, slash, rest = domain.rpartition("//")[2].partition("/")
    site = site.lower().removeprefix("*.")
    if host != site and not host.endswith(f".{site}"):
        return False
    return not slash or path.startswith(f"/{rest.partition('*')[0]}")
