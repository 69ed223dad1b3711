"""Ways to give chronyd options."""

OPTIONS = [
    ("DAEMON_OPTS=-F 1", "/etc/chrony/chrony.conf"),
    ('DAEMON_OPTS="-F 1 -f /etc/chrony/other.conf"', "/etc/chrony/other.conf"),
    ('DAEMON_OPTS="-F 1 -f /etc/chrony/other.conf', "/etc/chrony/other.conf"),
    ("DAEMON_OPTS='-f \"/etc/chrony/it.conf", "/etc/chrony/it.conf"),
]
"""A line of /etc/default/chrony, and the file that chronyd is started with then."""
