"""Directories that hold both sides of a comparison: read as one log they would be people and simulation in one."""

import re
from pathlib import Path

_PEOPLE = {"real", "human", "humans", "people", "original", "真人", "真实"}
_SIMULATIONS = {"sim", "sims", "simulated", "simulation", "synthetic", "llm", "agent", "agents", "twin", "twins"}
_SIMULATIONS |= {"模拟", "仿真"}


def sides_in(path: str) -> tuple[str, ...]:
    """Return the directories in a directory that are called like people and their simulations, people first.

    Empty unless there is one of people and at least one of simulations, and where a mapping in the directory says how
    all of it is read.
    """
    top = Path(path)
    if not top.is_dir() or (top / "tracelens.toml").is_file():
        return ()
    inside = sorted(d for d in top.iterdir() if d.is_dir() and not d.name.startswith("."))
    words = {d: set(re.split(r"[\W_\d]+", d.name.lower())) for d in inside}
    people = [str(d) for d in inside if words[d] & _PEOPLE and not words[d] & _SIMULATIONS]
    simulations = [str(d) for d in inside if words[d] & _SIMULATIONS and not words[d] & _PEOPLE]
    return (*people, *simulations) if len(people) == 1 and simulations else ()
