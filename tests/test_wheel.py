"""The wheel on a machine that has Python and nothing else."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel() -> Path:
    wheels = sorted((ROOT / "dist").glob("tracelens_behavior-*.whl"))
    if not wheels:
        pytest.skip("no wheel in dist/: run `make wheel` first")
    return wheels[-1]


def test_one_wheel_serves_every_python_from_3_11(wheel: Path) -> None:
    assert "-cp311-abi3-" in wheel.name


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_installs_and_runs_without_a_compiler(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    bin = tmp_path / "venv" / "bin"
    keep = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HOME", "LANG"))}
    env = {**keep, "PATH": f"{bin}:/usr/bin:/bin", "CARGO": "/nowhere/cargo"}

    def run(*command: str) -> str:
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(str(bin / "python"), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", str(wheel))
    where = run(str(bin / "python"), "-c", "import tracelens._core as c; print(c.__file__, c.build_profile)")
    assert where.startswith(str(tmp_path))
    assert where.split()[-1] == "release"
    run(str(bin / "tracelens"), "demo", "demo")
    assert "activity" in run(str(bin / "tracelens"), "compare", "demo/real", "demo/sim")


def test_the_tests_themselves_use_the_installed_package() -> None:
    import tracelens

    assert Path(tracelens.__file__).is_relative_to(sys.prefix), "installed by `make test`, not the source tree"
