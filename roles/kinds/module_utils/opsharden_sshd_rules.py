"""What a setting of sshd has to be, and what to write where it is not: for the module `sshd_settings`."""

import os
from fnmatch import fnmatchcase

LEVELS = ("SILENT", "QUIET", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3")


def settings_of(want):
    """The settings that controls want, each a mapping from keyword to what it has to be: see sshd_settings."""
    return [_setting(keyword, wanted) for control in want for keyword, wanted in control.items()]


def _setting(keyword, wanted):
    if "at_most" in wanted:
        return Setting(keyword, "at_most", str(wanted["at_most"]), least=int(wanted.get("at_least", 0)))
    ((way, value),) = wanted.items()
    if way == "none_of":
        return Setting(keyword, "refuses", patterns=value.split(",") if isinstance(value, str) else value)
    if way == "startups":
        return Setting(keyword, "startups", ":".join(str(value[part]) for part in ("start", "rate", "full")))
    return Setting(keyword, {"exactly": "same", "at_least": "at_least", "says": "says"}[way], str(value))


class Setting:
    """One setting.

    Args:
        keyword: As sshd_config(5) has it.
        rule: How a value is judged.
        value: What is written where the host's does not hold, and what the rule judges by.
        least: The smallest number that holds; sshd takes 0 for no limit in some.
        patterns: Algorithms that are refused.
    """

    def __init__(self, keyword, rule, value=None, least=0, patterns=()):
        self.name, self.keyword = keyword, keyword.lower()
        self._rule, self._value, self._least, self._patterns = rule, value, least, patterns

    def holds(self, effective):
        """Whether it holds with what sshd works with."""
        value = effective.get(self.keyword, [""])[0]
        return bool(getattr(self, f"_{self._rule}")(value))

    def stays(self, effective, line):
        """Whether our own line is to stay: it counts, and says what is declared."""
        return self.holds(effective) and (self._rule != "says" or line.split(None, 1)[-1] == self._value)

    def line(self, rest, try_it):
        """The line to write.

        Args:
            rest: What sshd works with without ours: what is stricter there is kept.
            try_it: What sshd works with if a line comes first.
        """
        now = rest.get(self.keyword, [""])[0]
        if self._rule == "startups":
            return f"{self.name} {self._stricter_parts(now)}"
        if self._rule != "refuses":
            return f"{self.name} {self._value}"
        line = f"{self.name} -{','.join(self._patterns)}"
        offered = [name for name in now.split(",") if name and not self._refused(name)]
        # Less than sshd's own list was chosen here: it stays less.
        if offered and not set(try_it(line)[self.keyword][0].split(",")) <= set(offered):
            return f"{self.name} {','.join(offered)}"
        return line

    def _same(self, value):
        return value.lower() == self._value.lower()

    def _at_most(self, value):
        return value.isdigit() and self._least <= int(value) <= int(self._value)

    def _at_least(self, value):
        return value.upper() in LEVELS and LEVELS.index(value.upper()) >= LEVELS.index(self._value.upper())

    def _refuses(self, value):
        return value and not any(self._refused(name) for name in value.split(","))

    def _refused(self, name):
        return any(fnmatchcase(name, pattern) for pattern in self._patterns)

    def _says(self, value):
        return value.lower() != "none" and os.path.isfile(value) and os.path.getsize(value) > 0

    def _startups(self, value):
        return self._stricter_parts(value) == value

    def _stricter_parts(self, value):
        """Of each part the stricter one: the lower numbers, but the higher chance to be refused."""
        start, rate, full = (int(part) for part in self._value.split(":"))
        now = [int(part) for part in value.split(":")] if value else [start, rate, full]
        return f"{min(start, now[0])}:{max(rate, now[1])}:{min(full, now[2])}"
