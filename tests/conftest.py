"""Shared pieces: the command line in this process, and the large public logs where they are at hand."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory of the public logs that are too large, or not ours, to be kept here."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"needs the public logs in {path}")
    return path


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run the command line in this process: ``run("compare", "real", "sim")``."""

    def run(*arguments: object) -> Result:
        from tracelens.cli import main

        return CliRunner().invoke(main, [str(a) for a in arguments])

    return run


@pytest.fixture
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own; options are those of :func:`subprocess.run`."""

    def command(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        code = "from tracelens.cli import main; main()"
        told = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 60, **options}
        return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], **told)

    return command
