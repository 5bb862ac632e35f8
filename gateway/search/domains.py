"""Which pages a client lets the search find."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from gateway.search.values import Hit, WebSearch

Site = tuple[str, str]
"""(host name, how the path begins)"""


def permitted(hits: Iterable[Hit], search: WebSearch) -> tuple[Hit, ...]:
    """The hits on pages of allowed sites and of none that is blocked."""
    allowed, blocked = ([_site(domain) for domain in some] for some in (search.allowed_domains, search.blocked_domains))
    return tuple(hit for hit in hits if _permitted(hit.url, allowed, blocked))


def _permitted(url: str, allowed: Sequence[Site], blocked: Sequence[Site]) -> bool:
    """An address that is none of the web's is never shown."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host:
        return False
    if any(_covers(site, host, parts.path) for site in blocked):
        return False
    return not allowed or any(_covers(site, host, parts.path) for site in allowed)


def _site(domain: str) -> Site:
    """What a domain, with or without a path, stands for. A ``*`` in the path ends what is compared."""
    name, slash, rest = domain.rpartition("//")[2].partition("/")
    return name.lower().removeprefix("*."), f"/{rest.partition('*')[0]}" if slash else ""


def _covers(site: Site, host: str, path: str) -> bool:
    name, beginning = site
    return (host == name or host.endswith(f".{name}")) and path.startswith(beginning)
