"""`zerog abi`: what it prints, and for which names."""

import json

import pytest

from genesis.contracts import artifact
from node.cli import main


def test_without_a_name_it_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["abi"]) == 0
    names = capsys.readouterr().out.split()
    assert {"DAEntrance", "DASigners", "WrappedA0GIBase", "DARegistry", "DAVerifier", "Flow"} <= {
        *names
    }
    assert "IDAEntrance" not in names
    assert names == sorted(names)


def test_every_name_it_lists_has_an_abi(capsys: pytest.CaptureFixture[str]) -> None:
    main(["abi"])
    for name in capsys.readouterr().out.split():
        assert main(["abi", name]) == 0
        assert isinstance(json.loads(capsys.readouterr().out), list)


@pytest.mark.parametrize("name", ["DAEntrance", "daentrance", "IDAEntrance"])
def test_the_entrances_abi_is_that_of_its_interface(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["abi", name]) == 0
    assert json.loads(capsys.readouterr().out) == list(artifact("IDAEntrance").abi)


def test_an_unknown_name_is_one_line_that_lists_the_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["abi", "Nothing"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("zerog: no contract 'Nothing'; there are ")
    assert error.count("\n") == 1
