"""Allow lists of origins and hosts, and content types."""

import pytest

from node.json_rpc.access import Access, accepts_gzip, content_type_refusal

ORIGIN = b"access-control-allow-origin"


@pytest.mark.parametrize("host", [b"localhost:8545", b"LOCALHOST", b"127.0.0.1:8545", b"[::1]:1"])
def test_listed_names_and_bare_addresses_pass(host: bytes) -> None:
    assert Access((), ("localhost",)).host_refusal(host) is None


@pytest.mark.parametrize("host", [b"evil.example", b"localhost.evil.example:8545", b"a:b:c"])
def test_other_host_names_are_refused_against_dns_rebinding(host: bytes) -> None:
    refusal = Access((), ("localhost",)).host_refusal(host)
    assert refusal is not None
    assert (refusal.status, refusal.text) == (403, "invalid host specified")
    assert Access((), ("*",)).host_refusal(host) is None


def test_without_origins_no_page_may_read_answers() -> None:
    access = Access((), ("*",))
    assert access.cors_headers(b"https://a.example") == []
    assert access.preflight_headers({b"origin": b"https://a.example"}) == []


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        (b"https://a.example", True),
        (b"HTTPS://A.example", True),
        (b"https://app.b.example", True),
        (b"https://b.example", False),
        (b"https://a.example.evil", False),
    ],
)
def test_origins_are_compared_whole_or_around_one_star(origin: bytes, is_allowed: bool) -> None:
    access = Access(("https://a.example", "https://*.b.example"), ("*",))
    headers = dict(access.cors_headers(origin))
    assert headers.get(ORIGIN) == (origin if is_allowed else None)
    assert headers[b"vary"] == b"Origin"


def test_a_preflight_is_answered_with_what_was_asked_for() -> None:
    answer = dict(
        Access(("*",), ("*",)).preflight_headers(
            {
                b"origin": b"https://remix.example",
                b"access-control-request-headers": b"content-type",
                b"access-control-request-private-network": b"true",
            }
        )
    )
    assert answer == {
        ORIGIN: b"*",
        b"access-control-allow-methods": b"POST, GET",
        b"access-control-max-age": b"600",
        b"access-control-allow-headers": b"content-type",
        b"access-control-allow-private-network": b"true",
    }


@pytest.mark.parametrize(
    "content_type",
    [b"application/json", b"Application/JSON; charset=utf-8", b"application/json-rpc"],
)
def test_json_is_taken(content_type: bytes) -> None:
    assert content_type_refusal(content_type) is None


@pytest.mark.parametrize("content_type", [None, b"", b"text/plain", b"application/x-www-form"])
def test_what_a_form_could_send_is_refused(content_type: bytes | None) -> None:
    refusal = content_type_refusal(content_type)
    assert refusal is not None
    assert refusal.status == 415


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False), (b"", False), (b"gzip", True), (b"deflate, gzip;q=0.5", True),
        (b"GZIP", True), (b"*", True), (b"gzip;q=0", False), (b"gzip; q=0.000", False),
        (b"br, deflate", False), (b"xgzip", False),
    ],
)  # fmt: skip
def test_gzip_is_for_those_who_say_so(header: bytes | None, expected: bool) -> None:
    assert accepts_gzip(header) is expected


def test_a_websocket_of_a_page_that_is_not_listed_is_refused() -> None:
    access = Access(["https://good.example"], ["*"])
    assert access.origin_refusal(None) is None
    assert access.origin_refusal(b"https://good.example") is None
    assert access.origin_refusal(b"https://evil.example") is not None
    assert Access([], ["*"]).origin_refusal(b"https://any.example") is not None
    assert Access(["*"], ["*"]).origin_refusal(b"https://any.example") is None
