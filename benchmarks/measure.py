"""How commands are measured beside each other: what all benchmarks share.

A command is a process of its own, which prints a line of JSON: ``seconds``, without its start and imports, or what it
found, by which it is checked.
"""

import json
import math
import os
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MEGABYTE = 1e6
NAME = 26
"""Width of the names in a table."""


class CannotError(Exception):
    """What cannot be done, and why."""


def head(speed: str) -> str:
    """Titles of the columns of :meth:`Case.line`; ``speed``: the unit."""
    return f"  {'':{NAME}}{'inner s':>8} {speed:>7} {'wall s':>8} {'RSS MB':>7} {'anon MB':>7} {'others':>7}"


@dataclass
class Case:
    """A command that does something with a log, and what was measured of its runs."""

    name: str
    command: list[str]
    size: float
    """Of the log, in whatever unit its speed is told."""
    seconds: list[float] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)
    resident: float = 0
    anonymous: float = 0
    others: float = 0

    def time(self) -> None:
        """Run once more."""
        told, wall, resident, anonymous, others = run(self.command)
        self.seconds.append(told["seconds"])
        self.walls.append(wall)
        self.resident, self.anonymous = max(self.resident, resident), max(self.anonymous, anonymous)
        self.others = max(self.others, others)

    def inner(self) -> float:
        """Seconds without start and imports."""
        return statistics.median(self.seconds)

    def wall(self) -> float:
        """Seconds of the whole process."""
        return statistics.median(self.walls)

    def line(self, *ratios: str) -> str:
        """Its row of the table."""
        speed = self.size / self.inner()
        cells = f"{self.inner():8.3f} {speed:7.0f} {self.wall():8.3f} {self.resident:7.0f} {self.anonymous:7.0f}"
        return f"  {self.name:{NAME}}{cells} {self.others:7.2f}" + "".join(f"{r:>21}" for r in ratios)


def run(command: list[str]) -> tuple[dict[str, Any], float, float, float, float]:
    """Run a command: what it told, wall seconds, peaks of RSS and of anonymous memory in MB, cores otherwise busy."""
    busy, began, peak = busy_seconds(), time.perf_counter(), [0.0]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        ended = threading.Event()
        watch = threading.Thread(target=watch_memory, args=(process.pid, ended, peak))
        watch.start()
        assert process.stdout
        with process.stdout as stdout:
            told = stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watch.join()
        if process.returncode:
            errors.seek(0)
            lines = [line.strip() for line in errors if "rror" in line] or [f"exit code {process.returncode}"]
            raise CannotError(lines[-1][:300])
    others = (busy_seconds() - busy - usage.ru_utime - usage.ru_stime) / wall
    return json.loads(told), wall, usage.ru_maxrss * 1024 / MEGABYTE, peak[0], max(0.0, others)


def watch_memory(pid: int, ended: threading.Event, peak: list[float]) -> None:
    """Follow the anonymous memory of a process: pages of a mapped file are the system's, and do not count."""
    while not ended.wait(0.02):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        for line in status.splitlines():
            if line.startswith("RssAnon:"):
                peak[0] = max(peak[0], int(line.split()[1]) * 1024 / MEGABYTE)


def busy_seconds() -> float:
    """CPU seconds that the whole machine has spent."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What two commands say differently of one log; sums of floats may differ in the order of adding."""
    found = []
    for key in one.keys() & other.keys():
        mine, its = one[key], other[key]
        if isinstance(mine, dict):
            found += [f"{key}, {n}: {mine.get(n)} is not {its.get(n)}" for n in mine | its if mine.get(n) != its.get(n)]
        elif not (math.isclose(mine, its, rel_tol=1e-9) if isinstance(mine, float) else mine == its):
            found.append(f"{key}: {mine} is not {its}")
    return sorted(found)


def interleave(cases: list[Case], runs: int) -> None:
    """Time all cases in turns, so that a change of the machine's mood falls on all of them."""
    for _ in range(runs):
        for case in cases:
            case.time()


def ask(python: str, code: str) -> str:
    """Run a line of Python elsewhere: what is imported here would count as memory of what is started from here."""
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
