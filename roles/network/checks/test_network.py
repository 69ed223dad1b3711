"""The network settings of the running kernel on every interface, and of the next boot."""

import pytest

IPV6 = "net/ipv6/"  # a kernel may do without


@pytest.mark.control("net-no-send-redirect", root=False)
def test_recommends_no_route(astray):
    mismatches = astray("send_redirects", "0")
    assert mismatches == []


@pytest.mark.control("net-bogus-icmp", root=False)
def test_malformed_errors_are_not_logged(astray):
    mismatches = astray("icmp_ignore_bogus_error_responses", "1")
    assert mismatches == []


@pytest.mark.control("net-no-smurf", root=False)
def test_broadcast_pings_get_no_answer(astray):
    mismatches = astray("icmp_echo_ignore_broadcasts", "1")
    assert mismatches == []


@pytest.mark.control("net-no-redirect", root=False)
def test_follows_no_redirect(astray):
    mismatches = astray("accept_redirects", "0")
    mismatches += astray("accept_redirects", "0", under=IPV6, absent=True)
    assert mismatches == []


@pytest.mark.control("net-no-secure-redirect", root=False)
def test_follows_no_gateway_redirect(astray):
    mismatches = astray("secure_redirects", "0")
    assert mismatches == []


@pytest.mark.control("net-no-srcroute", root=False)
def test_takes_no_source_route(astray):
    mismatches = astray("accept_source_route", "0")
    mismatches += astray("accept_source_route", "0", "-1", under=IPV6, absent=True)
    assert mismatches == []


@pytest.mark.control("net-log-martians", root=False)
def test_impossible_sources_are_logged(astray):
    mismatches = astray("log_martians", "1")
    assert mismatches == []


@pytest.mark.control("net-syncookies", root=False)
def test_answers_floods_with_cookies(astray):
    mismatches = astray("tcp_syncookies", "1", "2")
    assert mismatches == []
