"""Text that hangs beside a lead."""

import io

from rich.console import Console, Group
from rich.text import Text

from opsharden.report.hanging import Hanging


def printed(part: object, width: int = 20) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, color_system=None).print(part)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_what_is_too_long_goes_on_beside_the_lead() -> None:
    assert printed(Hanging(Text("is"), 5, (Text("one two three four five"),))) == [
        "is   one two three",
        "     four five",
    ]


def test_a_word_that_is_too_long_is_folded_and_nothing_is_lost() -> None:
    lines = printed(Hanging(Text("is"), 5, (Text("x" * 40),)))
    assert "".join(line[5:] for line in lines) == "x" * 40


def test_each_part_begins_a_line_and_parts_may_hang_themselves() -> None:
    inner = Hanging(Text("·"), 2, (Text("a b c d e f g h"),))
    assert printed(Hanging(Text("found"), 7, (inner, Group(Text("two"), Text("three")))), 16) == [
        "found  · a b c d",
        "         e f g h",
        "       two",
        "       three",
    ]
