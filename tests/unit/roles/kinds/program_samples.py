"""Files of programs, and what hosts with Debian 12 and 13 were seen to make of them: fix and check read them alike."""

from __future__ import annotations

J = "[Journal]\n"

SYSTEMD = {
    "said": ({"05.conf": f"{J}SystemMaxUse=111M\n"}, "111M"),
    "the last word counts": ({"05.conf": f"{J}SystemMaxUse=1M\n", "50.conf": f"{J}SystemMaxUse=2M\n"}, "2M"),
    "blanks around all of it": ({"05.conf": " [Journal] \n  SystemMaxUse =  120M  \n"}, "120M"),
    "twice in a section": ({"05.conf": f"{J}SystemMaxUse=1M\nSystemMaxUse=2M\n"}, "2M"),
    "a section in two parts": ({"05.conf": f"{J}A=1\n[Other]\nB=2\n{J}SystemMaxUse=2M\n"}, "2M"),
    "in another section": ({"05.conf": f"{J}SystemMaxUse=118M\n[Foo]\nSystemMaxUse=119M\n{J}"}, "118M"),
    "in no section": ({"05.conf": "SystemMaxUse=134M\n"}, None),
    "words behind a section": ({"05.conf": "[Journal] # x\nSystemMaxUse=121M\n"}, None),
    "words behind a value": ({"05.conf": f"{J}SystemMaxUse=122M # hi\n"}, None),
    "in quotes": ({"05.conf": f'{J}SystemMaxUse="123M"\n'}, None),
    "in other letters": ({"05.conf": f"{J}systemmaxuse=127M\n"}, None),
    "a unit in other letters": ({"05.conf": f"{J}SystemMaxUse=200m\n"}, None),
    "no value": ({"05.conf": f"{J}SystemMaxUse=128M\nSystemMaxUse=\n"}, "128M"),
    "what is no size": ({"05.conf": f"{J}SystemMaxUse=138M\nSystemMaxUse=foo\n"}, "138M"),
    "over two lines": ({"05.conf": f"{J}SystemMaxUse=\\\n124M\n"}, "124M"),
    "over two lines and a comment": ({"05.conf": f"{J}SystemMaxUse=\\\n# c\n  125M\n"}, "125M"),
    "over two lines, the second empty": ({"05.conf": f"{J}SystemMaxUse=\\\n\n125M\n"}, None),
    "a comment that ends in a backslash": ({"05.conf": f"{J}# foo \\\nSystemMaxUse=126M\n"}, "126M"),
    "a line without a sign": ({"05.conf": f"{J}foo\nSystemMaxUse=117M\n"}, "117M"),
    "lines of DOS": ({"05.conf": "[Journal]\r\nSystemMaxUse=129M\r\n"}, "129M"),
    "a mark of byte order": ({"05.conf": f"\ufeff{J}SystemMaxUse=130M\n"}, "130M"),
    "no end of line": ({"05.conf": f"{J}SystemMaxUse=131M"}, "131M"),
    "a section that does not end": (
        {"05.conf": f"{J}SystemMaxUse=115M\n[Foo\n", "50.conf": f"{J}SystemMaxUse=116M\n"},
        "115M",
    ),
    "bytes that are no text": (
        {"05.conf": f"{J}Foo=\udcff\udcfe\nSystemMaxUse=142M\n", "50.conf": f"{J}SystemMaxUse=143M\n"},
        None,
    ),
    "a folder": ({"05.conf": f"{J}SystemMaxUse=113M\n", "10.conf": None, "50.conf": f"{J}SystemMaxUse=114M\n"}, "113M"),
    "a link to nothing": ({"05.conf": "-> /nonexistent", "50.conf": f"{J}SystemMaxUse=132M\n"}, "132M"),
    "a link to /dev/null": ({"05.conf": "-> /dev/null", "50.conf": f"{J}SystemMaxUse=133M\n"}, "133M"),
    "a hidden file": ({".05.conf": f"{J}SystemMaxUse=135M\n"}, None),
    "old files": ({"x.conf~": f"{J}SystemMaxUse=1M\n", "x.conf.dpkg-old": f"{J}SystemMaxUse=2M\n"}, None),
}
"""What becomes of SystemMaxUse with these drop-ins; none where the default holds."""

PWQUALITY = {
    "said": ({"a.conf": "minlen=11\n"}, "11"),
    "the last drop-in": ({"a.conf": "minlen=11\n", "b.conf": "minlen=12\n"}, "12"),
    "the file itself comes last": ({"z.conf": "minlen=11\n", "": "minlen = 13\n"}, "13"),
    "in other letters": ({"a.conf": "MINLEN = 14\n"}, "14"),
    "without a sign": ({"a.conf": "minlen 14\n"}, "14"),
    "a comment behind": ({"a.conf": "minlen = 14#x\n"}, "14"),
    "blanks and lines of DOS": ({"a.conf": "minlen = 14 \t\r\n"}, "14"),
    "a sign of its own": ({"a.conf": "minlen = +20\n"}, "+20"),
    "below nothing": ({"a.conf": "minlen = -20\n"}, "-20"),
    "twice": ({"a.conf": "minlen=17\nminlen=18\n"}, "18"),
    "no end of line": ({"a.conf": "minlen=17"}, "17"),
    "a hidden file": ({".x.conf": "minlen=17\n"}, "17"),
    "nothing but the ending": ({".conf": "minlen=12\n", "x.CONF": "minlen=14\n", "conf": "minlen=11\n"}, "12"),
    "old files": ({"a.conf.bak": "minlen=16\n"}, None),
    "a folder": ({"a.conf": None, "x.conf": "minlen=17\n"}, "17"),
    "a link to nothing": ({"a.conf": "-> /nonexistent", "x.conf": "minlen=17\n"}, "17"),
    "two signs end it": ({"a.conf": "minlen == 14\n", "": "minlen = 20\n"}, None),
    "what is no number ends it": ({"a.conf": "minlen = 14x\nminlen = 15\n", "": "minlen = 20\n"}, None),
    "quotes end it": ({"a.conf": 'minlen = "14"\n', "": "minlen = 20\n"}, None),
    "another base ends it": ({"a.conf": "minlen = 0x20\n", "b.conf": "minlen = 20\n"}, None),
    "no value ends it": ({"a.conf": "minlen =\n", "b.conf": "minlen = 20\n"}, None),
    "what it does not know ends it": ({"a.conf": "minlen=15\n", "": "foo = 1\nminlen=20\n"}, "15"),
    "a line that goes on ends it": ({"a.conf": "minlen=\\\n17\n", "b.conf": "minlen = 20\n"}, None),
    "a line that is too long ends it": ({"a.conf": f"#{'x' * 2000}\nminlen=18\n", "": "minlen = 20\n"}, None),
}
"""What becomes of minlen; the file without a name is the program's own."""

LOGIN_DEFS = {
    "said": ("ENCRYPT_METHOD SHA512\n", True),
    "tabs and blanks": ("\t ENCRYPT_METHOD\t\tSHA512 \t\n", True),
    "no end of line": ("ENCRYPT_METHOD SHA512", True),
    "a comment": ("# ENCRYPT_METHOD MD5\nENCRYPT_METHOD SHA512\n", True),
    "nothing": ("UMASK 022\n", False),
    "no value": ("ENCRYPT_METHOD\n", False),
    "small letters, which shadow does not know": ("ENCRYPT_METHOD sha512\n", False),
    "a name in small letters, which PAM alone knows": ("encrypt_method MD5\nENCRYPT_METHOD SHA512\n", False),
    "quotes, which PAM does not know": ('ENCRYPT_METHOD "SHA512"\n', False),
    "a comment behind, which shadow takes for a part of it": ("ENCRYPT_METHOD SHA512 # x\n", False),
    "a sign, which PAM alone knows": ("ENCRYPT_METHOD=SHA512\n", False),
    "a sign with blanks": ("ENCRYPT_METHOD = SHA512\n", False),
    "two words": ("ENCRYPT_METHOD SHA512 SHA256\n", False),
    "lines of DOS, which Debian 13's shadow does not know": ("ENCRYPT_METHOD SHA512\r\n", False),
    "weaker first, which PAM takes": ("ENCRYPT_METHOD MD5\nENCRYPT_METHOD SHA512\n", False),
    "weaker last, which shadow takes": ("ENCRYPT_METHOD SHA512\nENCRYPT_METHOD MD5\n", False),
    "twice": ("ENCRYPT_METHOD SHA512\nENCRYPT_METHOD YESCRYPT\n", True),
}
"""Whether programs of shadow and modules of PAM make a strong hash."""

LIMITS = {
    "nothing": ("", [("", "unlimited")]),
    "said": ("* hard core 0\n", [("", "0")]),
    "both at once": ("* - core 0\n", [("", "0")]),
    "the soft one alone": ("* soft core 0\n", [("", "unlimited")]),
    "for some": ("* hard core 0\n@dev hard core unlimited\n", [("", "0"), ("@dev", "unlimited")]),
    "for some alone": ("root hard core 0\n", [("", "unlimited"), ("root", "0")]),
    "the last word for each": ("* hard core 0\n* - core 5\n", [("", "5")]),
    "in other letters": ("* Hard CORE Infinity\n", [("", "infinity")]),
    "a comment behind": ("* hard core 0 # none\n", [("", "0")]),
    "what is no number": ("* hard core 0\n* hard core none\n", [("", "0")]),
    "too few words": ("* hard core\n* -\n", [("", "unlimited")]),
    "more words": ("* hard core 0 more\n", [("", "0")]),
}
"""For whom which hard limit of core counts."""
