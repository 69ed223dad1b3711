"""The files of the SSH server."""

import pytest


@pytest.mark.control("ssh-files")
def test_files(guarded):
    assert guarded.amiss() == []
