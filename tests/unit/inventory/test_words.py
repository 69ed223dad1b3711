import pytest

from opsharden.inventory.words import sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("YAML parsing failed: found undefined alias 'hunter2'", "YAML parsing failed: found undefined alias …"),
        ("Error reading config file (/x): 'a = hunter2\n'", "Error reading config file (/x): …"),
        ('value "hunter2 and more" is odd', "value … is odd."),
        ("'nowhere' is undefined", "'nowhere' is undefined."),
        (
            "No module named 'ansible_collections.amazon'",
            "It needs a collection of amazon, which is not installed here.",
        ),
        ("'utf-8' codec can't decode byte 0xf6", "It is not written in UTF-8."),
        ("found \"<class 'ansible.x._AnsibleTaggedList'>\" instead", "found a list instead."),
        (r"no file '/x/it\'s hunter2 \"and\" more': look", "no file …: look."),
        ("it is a <class 'str'>", "it is a text."),
        ("two\nlines. ", "two lines."),
        ("x" * 400, f"{'x' * 300} …"),
    ],
)
def test_a_sentence_says_why_and_nothing_of_what_stood_there(text: str, said: str) -> None:
    assert sentence(text) == said
