"""Requests of plain HTTP to the sandbox's proxy, as they reach the server behind it."""

import pytest

from sandbox.proxy.plain import Plain, plain


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("http://203.0.113.7/a/b?c=d", Plain("203.0.113.7", 80, "/a/b?c=d")),
        ("http://Demo.Example.:8080", Plain("demo.example", 8080, "/")),
        ("http://[2001:db8::1]:81/a#b", Plain("2001:db8::1", 81, "/a")),
        ("http://demo.example//a", Plain("demo.example", 80, "//a")),
    ],
)
def test_what_is_asked_of_the_server(target: str, expected: Plain) -> None:
    assert plain(target) == expected


@pytest.mark.parametrize("target", ["/a", "https://demo.example/", "http:///a", "http://a:x/", "ftp://a/", "*", ""])
def test_other_targets_are_not_for_a_proxy(target: str) -> None:
    assert plain(target) is None


def test_the_server_gets_the_path_and_the_clients_headers_but_those_for_the_proxy() -> None:
    asked = (
        b"POST http://demo.example/a HTTP/1.1\r\nHost: demo.example\r\nProxy-Connection: keep-alive\r\n"
        b"Connection: keep-alive\r\nX-Mine: 1\r\n\r\n"
    )
    assert Plain("demo.example", 80, "/a").head(asked) == (
        b"POST /a HTTP/1.1\r\nHost: demo.example\r\nX-Mine: 1\r\nConnection: close\r\n\r\n"
    )
