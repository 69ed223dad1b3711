"""The network settings of the running kernel on every interface, and of the next boot."""

import pytest


@pytest.mark.control("net-no-send-redirect", root=False)
def test_recommends_no_route(astray):
    observed, expected = astray("send_redirects", "0")
    assert observed == expected


@pytest.mark.control("net-bogus-icmp", root=False)
def test_malformed_errors_are_not_logged(astray):
    observed, expected = astray("icmp_ignore_bogus_error_responses", "1")
    assert observed == expected


@pytest.mark.control("net-no-smurf", root=False)
def test_broadcast_pings_get_no_answer(astray):
    observed, expected = astray("icmp_echo_ignore_broadcasts", "1")
    assert observed == expected


@pytest.mark.control("net-no-redirect", root=False)
def test_follows_no_redirect(astray):
    observed, expected = astray("accept_redirects", "0")
    assert observed == expected


@pytest.mark.control("net-no-secure-redirect", root=False)
def test_follows_no_gateway_redirect(astray):
    observed, expected = astray("secure_redirects", "0")
    assert observed == expected


@pytest.mark.control("net-no-srcroute", root=False)
def test_takes_no_source_route(astray):
    observed, expected = astray("accept_source_route", "0")
    assert observed == expected


@pytest.mark.control("net-log-martians", root=False)
def test_impossible_sources_are_logged(astray):
    observed, expected = astray("log_martians", "1")
    assert observed == expected


@pytest.mark.control("net-syncookies", root=False)
def test_answers_floods_with_cookies(astray):
    observed, expected = astray("tcp_syncookies", "1")
    assert observed == expected
