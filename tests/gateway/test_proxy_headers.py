import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.proxy.errors import AmbiguousRequest
from gateway.proxy.headers import read_request, read_response


def forwarded(*headers: tuple[bytes, bytes]) -> dict[str, str]:
    return {name.lower(): value for name, value in read_request(headers).forwarded}


def test_ordinary_headers_pass() -> None:
    passed = forwarded(
        (b"accept", b"application/json"), (b"if-match", b'"3"'), (b"x-own", b"1"), (b"authorization", b"Bearer t")
    )
    assert passed == {"accept": "application/json", "if-match": '"3"', "x-own": "1", "authorization": "Bearer t"}


@pytest.mark.parametrize(
    "name",
    [
        b"connection",
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"proxy-authorization",
        b"proxy-connection",
        b"host",
        b"expect",
        b"traceparent",
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-user",
        b"x-real-ip",
        b"gongping-region",
        b"gongping-principal",
        b"x-gongping-roles",
        b"x-auth-request-user",
        b"remote-user",
        b"x-http-method-override",
    ],
)
def test_hop_by_hop_and_spoofable_headers_stop_here(name: bytes) -> None:
    assert forwarded((name, b"x")) == {}


def test_what_connection_names_stops_here() -> None:
    passed = forwarded((b"connection", b"close, X-Secret"), (b"x-secret", b"1"), (b"x-open", b"2"))
    assert passed == {"x-open": "2"}


def test_two_authorizations_are_refused() -> None:
    with pytest.raises(AmbiguousRequest):
        read_request([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")])


def test_values_outside_ascii_keep_their_bytes() -> None:
    value = "区域".encode()
    assert forwarded((b"x-name", value))["x-name"].encode() == value


def test_the_length_is_dropped_where_there_is_no_body() -> None:
    raw = [(b"Content-Length", b"5"), (b"ETag", b'"1"')]
    assert read_response(raw, bodiless=True, origin=b"http://s").returned == [(b"etag", b'"1"')]
    assert (b"content-length", b"5") in read_response(raw, bodiless=False, origin=b"http://s").returned


def test_the_region_is_read_and_removed() -> None:
    found = read_response([(b"Gongping-Region", b"CN-230102"), (b"A", b"1")], bodiless=False, origin=b"http://s")
    assert found.region == b"CN-230102"
    assert found.returned == [(b"a", b"1")]


@pytest.mark.parametrize(
    ("location", "returned"),
    [
        (b"http://s:1/v1/contracts/7", b"/v1/contracts/7"),
        (b"/v1/contracts/7", b"/v1/contracts/7"),
        (b"https://elsewhere/x", b"https://elsewhere/x"),
        (b"http://s:11/v1", b"http://s:11/v1"),
    ],
)
def test_a_location_never_names_the_service(location: bytes, returned: bytes) -> None:
    found = read_response([(b"Location", location)], bodiless=False, origin=b"http://s:1")
    assert found.returned == [(b"location", returned)]


NAMES = st.sampled_from(
    [b"connection", b"te", b"upgrade", b"x-forwarded-for", b"gongping-region", b"accept", b"x-a", b"content-type"]
)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=20))))
def test_no_header_of_one_hop_ever_passes(headers: list[tuple[bytes, bytes]]) -> None:
    passed = {name.lower() for name, _ in read_request(headers).forwarded}
    assert passed <= {"accept", "x-a", "content-type"}
    returned = {name for name, _ in read_response(headers, bodiless=False, origin=b"http://s").returned}
    assert not returned & {b"connection", b"te", b"upgrade", b"gongping-region"}
