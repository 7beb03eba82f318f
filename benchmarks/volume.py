"""Is the order of scenarios (C1) free of volume? A simulation that does half as much must not depart in its order.

    python benchmarks/volume.py demo --users 200 --draws 20
    python benchmarks/volume.py ../shared/data/sx_mathoverflow --least 7 --users 400 --draws 20

Dropping records merges runs, so C1 moves where nothing but the volume differs. Measured beside C1 as it is:

- *thinned*: the real records are thinned as much as the simulation's were;
- *expected*: the switches each user is expected to make when a share q of the records is kept, a sum over pairs of
  records in unlike scenarios, q^2 (1 - q)^(records in between): the same without a draw;
- *switches*: each user's switches thinned themselves (hypergeometric), which is no thinning of records;
- *within sessions*: only switches between records at most half an hour apart, on both sides, unmatched.

Each with its excess, its distance from the floor, how often it has the users and rejects (p < .05), and how often it
does so by more than its margin (gap). What was only thinned, or is livelier, should be below the margin; what was
shuffled or shifted, above.
"""

import argparse
from dataclasses import replace

import numpy as np
import polars as pl
from draws import DEMO_USERS, Log, take

from tracelens.align import Design, Floats, Ints, align
from tracelens.axes import METRICS
from tracelens.demo import demo_events
from tracelens.errors import TracelensError
from tracelens.plant import plant
from tracelens.plant.records import MICROS, Records
from tracelens.resample import Plan, resample
from tracelens.statistics import Statistics
from tracelens.verdict import ALPHA, Outcome, summarise

C1 = next(metric for metric in METRICS if metric.id == "C1")
SESSION = 30 * 60 * MICROS
WITHIN_MARGIN = 0.0075
DESIGNS: tuple[Design, ...] = ("paired", "population")


def order(real: Statistics, sim: Statistics, design: Design, seed: int) -> Outcome:
    """The row of C1 alone."""
    pair = align(real, sim, design)
    (estimate,) = C1.estimates(pair)
    (replicates,) = resample(pair, [(C1, estimate)], seed, 1)
    half = Plan(pair.paired, (pair.real.size, pair.sim.size), (0, 0), seed).half
    return summarise(C1, estimate, replicates, pair.paired, half)


def with_switches(of: Statistics, user: Ints, source: Ints, target: Ints, count: Ints | Floats) -> Statistics:
    """The same users with other switches."""
    table = {"user": user, "source": source, "target": target, "count": count}
    return replace(of, tables={**of.tables, "switches": table})


def sequence(of: Statistics, events: pl.DataFrame) -> tuple[Ints, Ints, Ints]:
    """User, scenario and time of every record with a time of day, in order."""
    log = Records.of(events, "UTC")
    user = np.searchsorted(of.users.astype(str), np.array(log.users, dtype=str))
    scenario = np.searchsorted(of.names["scenario"], sorted(events["scenario"].cast(pl.String).unique()))
    return user[log.user][log.timed], scenario[log.scenario][log.timed], log.time[log.timed]


def within_sessions(of: Statistics, events: pl.DataFrame) -> Statistics:
    """Switches between records that lie at most half an hour apart."""
    user, scenario, time = sequence(of, events)
    kept = (np.diff(user) == 0) & (np.diff(scenario) != 0) & (np.diff(time) <= SESSION)
    rows = np.column_stack([user[1:], scenario[:-1], scenario[1:]])[kept]
    rows, count = np.unique(rows, axis=0, return_counts=True)
    return with_switches(of, *rows.T, count)


def expected(of: Statistics, events: pl.DataFrame, kept: float) -> Statistics:
    """Switches that each user is expected to make where each record is kept with this probability."""
    width, size = len(of.names["scenario"]), len(of.users)
    user, scenario, _ = sequence(of, events)
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


def report(title: str, real: Statistics, sim: Statistics, users: int, draws: int, margin: float) -> None:
    """Print a line: both designs, over draws of users."""
    line = f"{title:38}"
    for design in DESIGNS:
        rows = []
        for draw in range(draws):
            chosen = np.random.default_rng(draw).permutation(len(real.users))[: 2 * users]
            others = chosen[:users] if design == "paired" else chosen[users:]
            rows.append(order(take(real, chosen[:users]), take(sim, others), design, draw))
        effect, z = (np.mean([getattr(row, name) or 0.0 for row in rows]) for name in ("effect", "z"))
        found = [row.tested and (row.p or 0.0) < ALPHA for row in rows]
        beyond = [hit and (row.effect or 0.0) > margin for hit, row in zip(found, rows, strict=True)]
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
    parser.add_argument("--brief", action="store_true", help="leave out the ways of matching")
    options = parser.parse_args()
    log = Log.read(options.log, options.mapping, options.least)
    about = {"exposure_by_record": log.options["exposure_by_record"], "zone": log.options["zone"] or "UTC"}
    real = log.statistics(log.events)

    def planted(events: pl.DataFrame, name: str, strength: float | None = None, seed: int = 1) -> pl.DataFrame:
        return plant(events, name, strength=strength, seed=seed, **about)

    def thinned(events: pl.DataFrame, kept: float, seed: int = 1) -> pl.DataFrame:
        return planted(events, "thin", kept, seed)

    def say(title: str, left: Statistics, right: Statistics, margin: float = C1.margin or 0.0) -> None:
        report(title, left, right, options.users, options.draws, margin)

    print(f"{options.users} users an arm of {len(real.users)}; {options.draws} draws; margins {C1.margin}, ", end="")
    print(f"within sessions {WITHIN_MARGIN}")
    head = f"{'effect':>7} {'z':>5} {'p<.05':>5} {'gap':>5}"
    print(f"{'':38} | {'paired':25} | population\n{'':38} | {head} | {head}", flush=True)
    sessions = within_sessions(real, log.events)
    say("the same: as it is", real, real)
    say("the same: within sessions", sessions, sessions, WITHIN_MARGIN)
    livelier = [("livelier 2.5", {"rate": 2.5}), ("quieter .4", {"rate": 0.4}), ("no chains", {"chain": False})]
    for title, behaviour in livelier if options.log == "demo" else []:
        events = demo_events(users=DEMO_USERS, days=30, seed=0, **behaviour)
        say(f"{title}: as it is", real, log.statistics(events, real))
        say(f"{title}: within sessions", sessions, within_sessions(real, events), WITHIN_MARGIN)
    for bias in ("", "shuffle-order", "circular-shift"):
        events = planted(log.events, bias, seed=3) if bias else log.events
        for kept in (1.0, *options.kept) if bias else options.kept:
            thin = thinned(events, kept) if kept < 1 else events
            sim, title = log.statistics(thin, real), f"{bias} thin {kept:g}".strip()
            say(f"{title}: as it is", real, sim)
            say(f"{title}: within sessions", sessions, within_sessions(real, thin), WITHIN_MARGIN)
            if kept < 1 and not options.brief:
                say(f"{title}: thinned", log.statistics(thinned(log.events, kept, seed=77), real), sim)
                say(f"{title}: expected", expected(real, log.events, kept), sim)
                say(f"{title}: switches", hypergeometric(real, sim, np.random.default_rng(9)), sim)
    for bias in ("inflate", "eager", "flat-clock", "drop-tail", "utopia", "unlink", "shuffle-days", "average-person"):
        try:
            events = planted(log.events, bias)
        except TracelensError:
            continue  # the log lacks what the plant works on
        say(f"{bias}: as it is", real, log.statistics(events, real))
        say(f"{bias}: within sessions", sessions, within_sessions(real, events), WITHIN_MARGIN)


if __name__ == "__main__":
    main()
