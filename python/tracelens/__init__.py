"""Where a simulation departs from real people, told from their behaviour logs.

``compare`` holds simulated logs against real ones and gives a ``Comparison``, ``read_traces`` and ``scan_traces`` read
logs, ``convert`` writes them as Parquet and the like, ``user_table`` and ``chain_table`` have a row for every user and
conversion, ``sequences`` tells what users do in what order, ``sketch`` and ``merge`` make states of logs, which take
their place, ``burstiness``, ``conversion_chains`` and ``funnel`` are polars expressions. ``tracelens.plant`` makes
simulators with known faults out of a real log.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tracelens.errors import TracelensError

if TYPE_CHECKING:
    from tracelens.comparison import Comparison, compare
    from tracelens.conversion import convert
    from tracelens.polars import burstiness, conversion_chains, funnel, scan_traces
    from tracelens.sequence import Sequences, sequences
    from tracelens.states import State, merge, read_state, sketch, write_state
    from tracelens.tables import chain_table, user_table
    from tracelens.traces import Traces, read_traces

# Loaded when first asked for: `tracelens --help` should not wait for polars.
_LAZY = {
    "Comparison": "tracelens.comparison",
    "Sequences": "tracelens.sequence",
    "State": "tracelens.states",
    "Traces": "tracelens.traces",
    "burstiness": "tracelens.polars",
    "chain_table": "tracelens.tables",
    "compare": "tracelens.comparison",
    "conversion_chains": "tracelens.polars",
    "convert": "tracelens.conversion",
    "funnel": "tracelens.polars",
    "merge": "tracelens.states",
    "read_state": "tracelens.states",
    "read_traces": "tracelens.traces",
    "scan_traces": "tracelens.polars",
    "sequences": "tracelens.sequence",
    "sketch": "tracelens.states",
    "write_state": "tracelens.states",
    "user_table": "tracelens.tables",
}

__all__ = [
    "Comparison",
    "Sequences",
    "State",
    "TracelensError",
    "Traces",
    "burstiness",
    "chain_table",
    "compare",
    "conversion_chains",
    "convert",
    "funnel",
    "merge",
    "read_state",
    "read_traces",
    "scan_traces",
    "sequences",
    "sketch",
    "user_table",
    "write_state",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
