"""Is the order of scenarios (C1) free of volume? A simulation that does half as much must not depart in its order.

    python benchmarks/volume.py demo --users 200 --draws 20
    python benchmarks/volume.py ../shared/data/sx_mathoverflow --least 7 --users 400 --draws 20

Dropping records merges runs, so C1 moves where nothing but the volume differs. Three ways of matching the real side's
volume to a simulation that keeps a share of its records, each with how often it rejects (p < .05) and says more than
the margin (gap): the real records *thinned* in the same way; the switches each user is *expected* to make when a share
q of the records is kept, which is a sum over pairs of records in unlike scenarios, q^2 (1 - q)^(records in between);
and the *switches* thinned themselves (hypergeometric), which is no thinning of records. What was only thinned should
be rejected in 5 %, what was shuffled or shifted before as often as possible.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
from draws import Log, take

from tracelens.align import Design, Ints, align
from tracelens.axes import METRICS
from tracelens.plant import plant
from tracelens.plant.records import Records
from tracelens.resample import Plan, resample
from tracelens.statistics import Statistics
from tracelens.verdict import ALPHA, Outcome, summarise

C1 = next(metric for metric in METRICS if metric.id == "C1")
DESIGNS: tuple[Design, ...] = ("paired", "population")


def order(real: Statistics, sim: Statistics, design: Design, seed: int) -> Outcome:
    """The row of C1 alone."""
    pair = align(real, sim, design)
    (estimate,) = C1.estimates(pair)
    (replicates,) = resample(pair, [(C1, estimate)], seed, 1)
    half = Plan(pair.paired, (pair.real.size, pair.sim.size), (0, 0), seed).half
    return summarise(C1, estimate, replicates, pair.paired, half)


def with_switches(of: Statistics, user: Ints, source: Ints, target: Ints, count: "Ints") -> Statistics:
    """The same users with other switches."""
    table = {"user": user, "source": source, "target": target, "count": count}
    return replace(of, tables={**of.tables, "switches": table})


def expected(of: Statistics, events: pl.DataFrame, kept: float) -> Statistics:
    """Switches that each user is expected to make where each record is kept with this probability."""
    log = Records.of(events, "UTC")
    width, size = len(of.names["scenario"]), len(of.users)
    place = np.searchsorted(of.users.astype(str), np.array(log.users, dtype=str))
    user, scenario = place[log.user][log.timed], log.scenario[log.timed]
    first, length = np.searchsorted(user, np.arange(size)), np.bincount(user, minlength=size)
    longest = np.argsort(-length, kind="stable")
    switches, chance = np.zeros((size, width, width)), np.zeros((size, width))
    for step in range(length.max()):
        # chance[u, s]: that the last record kept so far is of s, over the chance that this one is kept
        these = longest[: np.searchsorted(-length[longest], -step, side="left")]
        now = scenario[first[these] + step]
        switches[these, :, now] += kept * kept * chance[these]
        chance[these] *= 1 - kept
        chance[these, now] += 1
    switches[:, np.arange(width), np.arange(width)] = 0
    user, source, target = np.nonzero(switches > 1e-9)
    return with_switches(of, user, source, target, switches[user, source, target])


def hypergeometric(of: Statistics, like: Statistics, rng: np.random.Generator) -> Statistics:
    """As many of each user's switches as the same user makes in another log, drawn without replacement."""
    rows = of.tables["switches"]
    wanted = np.bincount(like.tables["switches"]["user"], like.tables["switches"]["count"], len(of.users))
    count = rows["count"].copy()
    for user in np.unique(rows["user"]):
        mine = np.flatnonzero(rows["user"] == user)
        if count[mine].sum() > wanted[user]:
            count[mine] = rng.multivariate_hypergeometric(count[mine], int(wanted[user]))
    left = count > 0
    return with_switches(of, *(rows[name][left] for name in ("user", "source", "target")), count[left])


def report(title: str, real: Statistics, sim: Statistics, users: int, draws: int) -> None:
    """Print a line: both designs, over draws of users."""
    line = f"{title:38}"
    for design in DESIGNS:
        rows = []
        for draw in range(draws):
            chosen = np.random.default_rng(draw).permutation(len(real.users))[: 2 * users]
            others = chosen[:users] if design == "paired" else chosen[users:]
            rows.append(order(take(real, chosen[:users]), take(sim, others), design, draw))
        effect, z = (np.mean([getattr(row, name) or 0.0 for row in rows]) for name in ("effect", "z"))
        found = [row.p is not None and row.p < ALPHA for row in rows]
        beyond = [hit and (row.effect or 0.0) > (C1.margin or 0.0) for hit, row in zip(found, rows, strict=True)]
        line += f" | {effect:7.4f} {z:5.1f} {np.mean(found):5.2f} {np.mean(beyond):5.2f}"
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", help="a log, or demo for the demo's population")
    parser.add_argument("--mapping")
    parser.add_argument("--least", type=int, default=0, help="draw only users with so many events")
    parser.add_argument("--users", type=int, default=200, help="users an arm")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--kept", type=float, nargs="+", default=[0.5, 0.25, 0.1], help="shares of records kept")
    options = parser.parse_args()
    log = Log.read(options.log, options.mapping, options.least)
    about = {"exposure_by_record": log.options["exposure_by_record"], "zone": log.options["zone"] or "UTC"}
    real = log.statistics(log.events)

    def planted(events: pl.DataFrame, name: str, strength: float | None = None, seed: int = 1) -> pl.DataFrame:
        return plant(events, name, strength=strength, seed=seed, **about)

    def thinned(events: pl.DataFrame, kept: float, seed: int = 1) -> Statistics:
        return log.statistics(planted(events, "thin", kept, seed), real)

    def say(title: str, left: Statistics, right: Statistics) -> None:
        report(title, left, right, options.users, options.draws)

    print(f"{options.users} users an arm of {len(real.users)}; {options.draws} draws; margin {C1.margin}")
    head = f"{'effect':>7} {'z':>5} {'p<.05':>5} {'gap':>5}"
    print(f"{'':38} | {'paired':25} | population\n{'':38} | {head} | {head}", flush=True)
    biases: dict[str, Callable[[], pl.DataFrame]] = {
        "": lambda: log.events,
        "shuffle-order, ": lambda: planted(log.events, "shuffle-order", seed=3),
        "circular-shift, ": lambda: planted(log.events, "circular-shift", seed=3),
    }
    for bias, events in biases.items():
        simulated = events()
        for kept in options.kept:
            sim = thinned(simulated, kept)
            say(f"{bias}thin {kept:g}: as it is", real, sim)
            say(f"{bias}thin {kept:g}: thinned", thinned(log.events, kept, seed=77), sim)
            say(f"{bias}thin {kept:g}: expected", expected(real, log.events, kept), sim)
            if not bias:
                say(f"{bias}thin {kept:g}: switches", hypergeometric(real, sim, np.random.default_rng(9)), sim)


if __name__ == "__main__":
    main()
