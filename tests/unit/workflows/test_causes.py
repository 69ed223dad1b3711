from __future__ import annotations

import pytest

from opsharden.workflows.causes import cause


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "web1 cannot be reached at 192.0.2.1 port 2201: connection refused. Is it up?",
            "The host cannot be reached at its address: connection refused. Is it up?",
        ),
        ("The host key of web1 has changed.", "The host key of the host has changed."),
        (
            "The host key of web1 is not known: it shows SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDaJBJmsVVhpZ4Vdyg (ed25519).",
            "The host key of the host is not known: it shows another key (ed25519).",
        ),
        ("[192.0.2.1]:2201 is gone", "Its address is gone"),
        ("192.0.2.1 does not answer", "Its address does not answer"),
        ("web10, web1.example.org and my-web1 stay", ""),
        ("192.0.2.10 and 1192.0.2.1 stay", ""),
        ("no host in it", ""),
        ("the check broke: <object at 0x7fab12cd>", "The check broke: <object at an object>"),
    ],
)
def test_the_host_is_taken_out(reason: str, told: str) -> None:
    assert cause(reason, "web1", ("192.0.2.1",)) == told


def test_a_host_named_by_its_address_is_one_thing() -> None:
    assert cause("2001:db8::1 port 22: refused", "2001:db8::1", ("2001:db8::1",)) == "Its address: refused"


def test_equal_causes_of_ten_thousand_hosts_are_one() -> None:
    found = set()
    for n in range(1000):
        name, address = f"n{n}.example.org", f"10.0.{n // 256}.{n % 256}"
        found.add(cause(f"{name} cannot be reached at {address} port {n}: x", name, (address,)))
    assert found == {"The host cannot be reached at its address: x"}
