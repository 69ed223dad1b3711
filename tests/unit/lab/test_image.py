from opsharden.lab.image import Recipe, _complaint
from opsharden.lab.spec import Suite


def test_every_recipe_has_a_name_of_its_own() -> None:
    names = {Recipe(suite, python).name for suite in Suite for python in (True, False)}
    assert len(names) == 4
    assert Recipe(Suite.TRIXIE).name.startswith("localhost/opsharden-lab-trixie:")
    assert Recipe(Suite.TRIXIE, python=False).name.startswith("localhost/opsharden-lab-trixie-without-python:")


def test_a_name_stays_as_long_as_the_recipe() -> None:
    assert Recipe(Suite.BOOKWORM).name == Recipe(Suite.BOOKWORM).name


def test_python_is_in_or_out() -> None:
    assert "python3" in " ".join(Recipe(Suite.BOOKWORM).command)
    assert "python3" not in " ".join(Recipe(Suite.BOOKWORM, python=False).command)


def test_no_mirror_is_named() -> None:
    assert not any("://" in argument for argument in Recipe(Suite.BOOKWORM).command)


def test_the_first_error_of_the_log_says_most() -> None:
    log = "I: running apt-get update...\nErr:1 the archive\nE: apt-get update failed\nI: removing tempdir\n"
    assert _complaint(log) == "Err:1 the archive"
    assert _complaint("I: this is all\n\n") == "I: this is all"
    assert _complaint("") == "nothing at all"
