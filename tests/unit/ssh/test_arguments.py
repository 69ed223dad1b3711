from dataclasses import replace

import pytest

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh import arguments

HOST = Host("web1", "192.0.2.1")


def flags(text: str) -> tuple[arguments.Flag, ...]:
    return arguments.flags(replace(HOST, ssh_args=text))


def test_flags_are_taken_apart_as_ssh_does() -> None:
    assert flags("-4Cp2222 -oA=b -o 'C d' -J x -c aes128-ctr") == (
        ("-4", ""),
        ("-C", ""),
        ("-p", "2222"),
        ("-o", "A=b"),
        ("-o", "C d"),
        ("-J", "x"),
        ("-c", "aes128-ctr"),
    )


def test_what_is_not_about_the_login_is_left_out() -> None:
    assert flags("-qvvtT -nxXaAY -L 1:a:2 -R1:a:2 -D 1 -w any -S path -M -E log -e none -y") == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-W a:22", "-W is not about how to log in"),
        ("-Nf", "-N is not about how to log in"),
        ("-o A=b elsewhere -o C=d", "elsewhere is not about how to log in"),
        ("-- elsewhere", "elsewhere is not about"),
        ("-Z", "option -Z not recognized"),
        ("-o", "option -o requires argument"),
        ("-o 'x", "No closing quotation"),
    ],
)
def test_what_would_not_lead_to_a_login_there_is_refused(text: str, why: str) -> None:
    with pytest.raises(Unreachable, match=why) as caught:
        flags(text)
    assert "web1" in caught.value.message
    assert caught.value.advice


def test_options_by_the_names_of_ssh_config() -> None:
    found = arguments.options(flags("-p 1 -o Port=2 -i a -o 'IdentityFile b' -4 -l joe -F none -o 'User = jim'"))
    assert found == {"port": "1", "identityfile": ["a", "b"], "-4": "", "user": "joe", "configfile": "none"}
    with pytest.raises(ValueError, match="no option with a value"):
        arguments.options([("-o", "Port")])
