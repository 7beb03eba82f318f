"""The public door: compare simulations with real people, and hold what came out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from tracelens.errors import TracelensError
from tracelens.plural import many
from tracelens.profile import Profile
from tracelens.report.explain import explain
from tracelens.report.text import summary
from tracelens.result import assemble, dumps
from tracelens.roster import read_roster
from tracelens.sources import (
    CONTROL,
    PEOPLE,
    REAL,
    Mappings,
    Source,
    name_of,
    paths_of,
    read_sources,
    refuse_entry_of_states,
)
from tracelens.states import State
from tracelens.study import Design, compare_sides
from tracelens.traces import Path, Progress, Traces
from tracelens.window import Align

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, repr=False)
class Comparison:
    """What came out of comparing simulations with real people; made by :func:`tracelens.compare`.

    Attributes
    ----------
    result : dict
        What ``result.json`` holds (see ``result.schema.json``), less ``provenance``: plain data, the same for the same
        input and seed.
    paths : mapping of str to list of paths
        Where each side was read from; a side that was handed over as a frame or the like has none.

    Examples
    --------
    >>> import polars as pl
    >>> import tracelens
    >>> real = pl.DataFrame({"user": [f"u{i % 40}" for i in range(400)], "action": ["see"] * 400})
    >>> comparison = tracelens.compare(real, real)
    >>> comparison.axes.select("axis", "verdict").row(0)
    ('activity', 'within noise')
    """

    result: dict[str, Any]
    paths: Mapping[str, list[Path]]

    @cached_property
    def axes(self) -> "pl.DataFrame":
        """One row per simulation and axis.

        ``simulation``, ``axis``, ``verdict``; ``attributable``, whether a gap exceeds that of the control, null without
        one; ``direction``; ``score`` in [0, 100] with its 95 % interval
        ``score_low`` to ``score_high``; ``primary``, the metric that stands for the axis, and its ``effect`` with the
        95 % interval ``low`` to ``high``, ``unit``; ``rules_out``, ``reason_missing``, ``sentence``.
        """
        import polars as pl

        rows = []
        for comparison in self.result["comparisons"]:
            shown = {row["id"]: row for row in comparison["metrics"] if not row["scope"]}
            for axis, found in comparison["axes"].items():
                row = shown[found["primary"]]
                rows.append(
                    {"simulation": comparison["sim"], "axis": axis, **found}
                    | {"effect": row["effect"], "unit": row["unit"], **_ends("", row["interval"])}
                    | _ends("score_", found["score_interval"])
                )
        schema: dict[str, Any] = dict.fromkeys(("simulation", "axis", "verdict"), pl.String)
        schema |= {"attributable": pl.Boolean, "direction": pl.String}
        schema |= dict.fromkeys(("score", "score_low", "score_high"), pl.Float64) | {"primary": pl.String}
        schema |= dict.fromkeys(("effect", "low", "high"), pl.Float64)
        schema |= {"unit": pl.String, "rules_out": pl.Float64, "reason_missing": pl.String, "sentence": pl.String}
        return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)

    @cached_property
    def metrics(self) -> "pl.DataFrame":
        """One row per simulation and number that a metric gives.

        ``simulation``, ``metric``, ``axis``; ``scope``, what of the metric it is ("action: like"), null for the whole;
        ``real`` and ``sim``, the sides' own values; ``effect`` with its 95 % interval ``low`` to ``high``;
        ``noise_low`` to ``noise_high``, where the effect between two halves of the real users lies in 95 % of splits;
        ``excess``, ``z``, ``p``, ``p_adjusted``, ``margin``, ``unit``; ``users_real``, ``users_sim``, those who
        contribute; ``reason_missing``.
        """
        import polars as pl

        rows = []
        for comparison in self.result["comparisons"]:
            for row in comparison["metrics"]:
                scope = ", ".join(f"{key}: {value}" for key, value in row["scope"].items()) or None
                rows.append(
                    {**row, "simulation": comparison["sim"], "metric": row["id"], "scope": scope}
                    | _ends("", row["interval"])
                    | _ends("noise_", row["noise"])
                    | {f"users_{side}": row["users"][side] for side in ("real", "sim")}
                )
        numbers = ("real", "sim", "effect", "low", "high", "noise_low", "noise_high", "excess", "z", "p", "p_adjusted")
        schema: dict[str, Any] = dict.fromkeys(("simulation", "metric", "axis", "scope"), pl.String)
        schema |= dict.fromkeys((*numbers, "margin"), pl.Float64) | {"unit": pl.String}
        schema |= {"users_real": pl.Int64, "users_sim": pl.Int64, "reason_missing": pl.String}
        return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)

    @cached_property
    def leaderboard(self) -> "pl.DataFrame":
        """One row per axis and simulation, nearest to real people first; empty for one simulation.

        ``axis``; ``rank``, 1 + the number of simulations that are nearer by more than noise; ``simulation``; ``tied``,
        those that it cannot be told apart from; ``distance``, how many margins its gap is beyond the margin;
        ``weakest``, whether this is the axis on which the simulation departs furthest; ``reason_missing``.
        """
        import polars as pl

        schema: dict[str, Any] = {"axis": pl.String, "rank": pl.Int64, "simulation": pl.String}
        schema |= {"tied": pl.List(pl.String), "distance": pl.Float64, "weakest": pl.Boolean}
        weakest = {comparison["sim"]: comparison["weakest_axis"] for comparison in self.result["comparisons"]}
        rows = [
            {**row, "axis": axis, "simulation": row["sim"], "weakest": weakest[row["sim"]] == axis}
            for axis, ranks in (self.result["leaderboard"] or {}).items()
            for row in ranks["order"]
        ]
        schema["reason_missing"] = pl.String
        return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)

    def explain(self, name: str) -> str:
        """Say what an axis (``"activity"``), a metric (``"H1"``) or an error code means, and what was found of it here.

        Raises
        ------
        TracelensError
            TL110 for a name that is none of these.
        """
        return explain(name, self.result)

    def to_json(self) -> str:
        """Return the text of ``result.json``, provenance included: what the command line writes."""
        return dumps(assemble(self.result, command=(), paths=self.paths)).decode()

    def __repr__(self) -> str:
        return summary(self.result)


def _ends(prefix: str, interval: list[float] | None) -> dict[str, float | None]:
    low, high = interval or (None, None)
    return {f"{prefix}low": low, f"{prefix}high": high}


def compare(
    real: Source,
    sim: Source | Mapping[str, Source],
    *,
    control: Source | None = None,
    mapping: Mappings = None,
    design: Design = "auto",
    align: Align | None = None,
    roster: Path | None = None,
    seed: int = 0,
    score: bool = True,
    jobs: int | None = None,
    on_bad_row: Literal["error", "drop"] = "error",
    max_bad: float | None = None,
    memory: int | None = None,
    progress: Progress | None = None,
    profile: Profile | None = None,
) -> Comparison:
    """Compare simulated behaviour logs with real ones.

    Parameters
    ----------
    real : path, frame, Traces or State
        Behaviour of real people: paths of logs or of a state (``.tls``), a polars frame or LazyFrame or anything else
        that speaks the Arrow stream interface, `Traces` or `State`. Frames hold canonical events, their days are
        counted in UTC; :meth:`Traces.from_frame` takes what else there is to say about a frame.
    sim : path, frame, Traces, State, or mapping of str to these
        Behaviour of one simulation, or of several by name.
    control : path, frame, Traces or State, optional
        Behaviour of other real people, collected otherwise: a gap that is no larger than theirs in the same direction
        is "not attributable" to a simulation. Compared as another population, whatever its ids.
    mapping : str or mapping of str to str, optional
        Mapping name or file for all sides, or by side (``"real"``, ``"control"``, and ``"sim"`` or the simulation's
        name).
    design : {"auto", "paired", "population"}
        Whether both sides hold the same users. ``auto``: paired where they share 90 % of the smaller side's ids.
    align : {"calendar", "start", "entry"}, optional
        How the observation windows are laid, see :func:`tracelens.window.choose_windows`.
    roster : path, optional
        Users without events, see :func:`tracelens.roster.read_roster`.
    seed : int
        Seed of all resampling, 0 or more; the same input and seed give the same result to the byte.
    score : bool
        Whether each axis gets a score in [0, 100], for which trivial simulators are planted on at most 200 real users.
    jobs : int, optional
        Threads that read, summarise and compare; all cores if missing. Never changes the result.
    on_bad_row : {"error", "drop"}
        Stop at a row that cannot be read, or count it and go on.
    max_bad : float, optional
        Share of rows in [0, 1] that may be dropped.
    memory : int, optional
        Bytes that may be used, about, by all sides together; events beyond that wait on disk. Changes no number and no
        verdict, but there are no scores where real events wait on disk.
    progress : callable, optional
        Called while a side is read, with its bytes that are done, all there are, and its events so far.
    profile : Profile, optional
        To be told where the time goes.

    Returns
    -------
    Comparison

    Raises
    ------
    TracelensError
        TL1xx for a mistake in the asking, TL2xx in the data, TL301 for sides that cannot be compared.
    """
    sims = sim if isinstance(sim, Mapping) else {name_of(sim): sim}
    if design not in ("auto", "paired", "population") or seed < 0 or not sims:
        help = "design is auto, paired or population; seed is 0 or more; sim is at least one"
        raise TracelensError.new(
            110, f"cannot compare {many(len(sims), 'simulation')} with {design=}, {seed=}", help=help
        )
    people: dict[str, Source] = {REAL: real} if control is None else {REAL: real, CONTROL: control}
    if taken := sorted(sims.keys() & {*PEOPLE}):
        raise TracelensError.new(110, f"a simulation cannot be named {taken[0]}", help="give it another name")
    sources: dict[str, Source] = {**people, **sims}
    refuse_entry_of_states(sources, align)
    profile = profile or Profile()
    reading: dict[str, Any] = {"on_bad_row": on_bad_row, "max_bad": max_bad, "memory": memory}
    sides: dict[str, Traces | State] = read_sources(
        sources, mapping, profile=profile, jobs=jobs, progress=progress, **reading
    )
    result = compare_sides(
        sides,
        design=design,
        align=align,
        roster=None if roster is None else read_roster(roster),
        seed=seed,
        score=score,
        jobs=jobs,
        profile=profile,
    )
    return Comparison(result, {name: paths for name, source in sources.items() if (paths := paths_of(source))})
