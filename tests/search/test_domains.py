"""Which pages may be found."""

import pytest

from gateway.search.domains import permitted
from gateway.search.values import Hit, WebSearch


def kept(url: str, *, allowed: tuple[str, ...] = (), blocked: tuple[str, ...] = ()) -> bool:
    return bool(permitted([Hit(url, "", "")], WebSearch(allowed_domains=allowed, blocked_domains=blocked)))


@pytest.mark.parametrize(
    ("domain", "url", "covered"),
    [
        ("a.org", "https://a.org/x", True),
        ("a.org", "http://docs.A.org:8080", True),
        ("docs.a.org", "https://a.org/", False),
        ("a.org", "https://ba.org/", False),
        ("a.org", "https://a.org.evil.com/", False),
        ("a.org", "https://evil.com/a.org", False),
        ("a.org", "https://a.org@evil.com/", False),
        ("a.org/blog", "https://a.org/blog/1", True),
        ("a.org/blog", "https://a.org/shop", False),
        ("a.org/b*", "https://a.org/blog", True),
        ("https://a.org/Blog", "https://a.org/Blog", True),
        ("*.a.org", "https://docs.a.org/", True),
    ],
)
def test_a_domain_stands_for_its_pages_and_subdomains(domain: str, url: str, covered: bool) -> None:
    assert kept(url, allowed=(domain,)) is covered
    assert kept(url, blocked=(domain,)) is not covered


def test_a_blocked_page_of_an_allowed_site_is_not_found() -> None:
    assert not kept("https://a.org/x", allowed=("a.org",), blocked=("a.org/x",))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "a.org", "", "https://[", "https:///x"])
def test_what_is_no_address_of_the_web_is_never_found(url: str) -> None:
    assert not kept(url)
