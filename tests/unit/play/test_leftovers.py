from __future__ import annotations

import subprocess

from opsharden.play import leftovers_command


def test_the_mark_is_a_word_whatever_it_holds() -> None:
    command = leftovers_command("a'b $(touch x); c")
    asked = subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False)
    assert asked.returncode == 0
    words = subprocess.run(
        ["sh", "-c", f"set -- {command}; printf '%s' \"$5\""], capture_output=True, text=True, check=True
    )
    assert words.stdout == "a'b $(touch x); c"
