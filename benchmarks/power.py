"""What can so many users tell? Which primaries are decisive, and which planted biases are found, by users an arm.

    python benchmarks/power.py demo --draws 20
    python benchmarks/power.py ../shared/data/sx_mathoverflow --least 7 --severities shuffle-order thin=.25

The first table draws two disjoint groups of real users and compares them as populations: a primary is decisive where
it says "within noise", and rules out gaps of the size given. The second draws real users and compares them with what
a planted simulator made of the same users (or, with --design population, of others): how often the planted axis says
"gap", how often it says "within noise" instead, which is worse than to say that the users are too few, and how often
any other axis says "gap" that should not.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from draws import PRIMARIES, Log, primaries, said, take

from tracelens.errors import TracelensError
from tracelens.plant import PLANTS, plant
from tracelens.statistics import Statistics
from tracelens.verdict import GAP, WITHIN

SEVERITIES = (
    ("inflate", 1.5, "activity", ()),
    ("thin", 0.5, "activity", ()),
    ("eager", 2.0, "activity", ()),
    ("flat-clock", None, "clock", ()),
    ("average-person-days", None, "diversity", ("activity", "tail", "chains")),
    ("average-person", None, "diversity", ("activity", "tail", "chains")),
    ("utopia", 0.7, "valence", ()),
    ("drop-tail", 0.2, "tail", ()),
    ("shuffle-order", None, "chains", ("diversity",)),
    ("circular-shift", None, "chains", ()),
    ("reverse-days", None, "chains", ()),
    ("shuffle-days", None, "chains", ()),
    ("unlink", None, "chains", ()),
    ("relabel", None, None, ()),
)
"""Plant, strength, the axis that must say "gap", and the axes that may: what a person is carries over to them."""


def real_table(log: Statistics, users: list[int], draws: int, rng: np.random.Generator, jobs: int) -> Iterator[Any]:
    """Yield a row a size and primary: real users against other real users."""
    for n in users:
        found = [
            primaries(take(log, chosen[:n]), take(log, chosen[n:]), "population", draw, jobs)
            for draw in range(draws)
            for chosen in (rng.permutation(len(log.users))[: 2 * n],)
        ]
        for name in PRIMARIES:
            rows = [outcome[name] for outcome in found if name in outcome]
            tested = [row for row in rows if row.tested]
            reach = [row.rules_out for row in tested if row.rules_out is not None]
            margins = [row.margin for row in tested if row.margin is not None]
            yield {
                "users": n,
                "primary": name,
                "draws": draws,
                "computable": len(tested) / draws,
                "decisive": sum(row.verdict == WITHIN for row in rows) / draws,
                "rules_out": float(np.median(reach)) if reach else None,
                "margin": float(np.median(margins)) if margins else None,
                "missing": Counter(row.reason_missing for row in rows if row.reason_missing).most_common(1),
            }


def planted_row(
    log: Statistics, planted: Statistics, severity: Any, n: int, options: Any, rng: np.random.Generator
) -> dict[str, Any]:
    """Draw real users against a planted simulation, and count the axes that say "gap"."""
    name, strength, target, may = severity
    heard: Counter[str] = Counter()
    false = missed = 0
    population = options.design == "population" or name == "relabel"
    for draw in range(options.draws):
        chosen = rng.permutation(len(log.users))[: 2 * n if population else n]
        sides = take(log, chosen[:n]), take(planted, chosen[-n:])
        verdicts = said(primaries(*sides, "population" if population else "paired", draw, options.jobs))
        found = {axis for axis, verdict in verdicts.items() if verdict == GAP}
        heard.update(found)
        missed += verdicts.get(target) == WITHIN
        false += bool(found - {target, *may})
    return {
        "plant": name if strength is None else f"{name} {strength:g}",
        "users": n,
        "axis": target,
        "draws": options.draws,
        "found": None if target is None else heard[target] / options.draws,
        "missed": missed / options.draws,
        "false": false / options.draws,
        "others": {axis: count / options.draws for axis, count in heard.items() if axis != target},
    }


def severities(wanted: list[str] | None) -> list[Any]:
    """Those of the table, or the named ones: NAME or NAME=STRENGTH."""
    if wanted is None:
        return list(SEVERITIES)
    known = {severity[0]: severity for severity in SEVERITIES}
    chosen = []
    for word in wanted:
        name, _, strength = word.partition("=")
        _, usual, target, may = known[name]
        chosen.append((name, float(strength) if strength else usual, target, may))
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", help="a log, or demo for the demo's population")
    parser.add_argument("--mapping")
    parser.add_argument("--least", type=int, default=0, help="draw only users with so many events")
    parser.add_argument("--last", type=int, metavar="DAYS", help="take only these last days of the log")
    parser.add_argument("--users", type=int, nargs="+", default=[50, 100, 200, 400], help="users an arm")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--severities", nargs="*", metavar="PLANT[=STRENGTH]", help="all of metrics 4.1 if missing")
    parser.add_argument("--design", choices=["paired", "population"], default="paired", help="of the second table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", help="also write both tables to this file")
    options = parser.parse_args()
    began = time.time()
    log = Log.read(options.log, options.mapping, options.least, options.last)
    real = log.statistics(log.events)
    rng = np.random.default_rng(options.seed)
    pool = len(real.users)
    fit = [n for n in options.users if 2 * n <= pool]
    print(f"{pool} users; {options.draws} draws a cell; sizes without twice as many users are left out: {fit}\n")
    print(f"{'users':>6} {'primary':8} {'computable':>10} {'decisive':>9} {'rules out':>10} {'margin':>8}", flush=True)
    tables: dict[str, list[Any]] = {"real": [], "planted": []}
    for row in real_table(real, fit, options.draws, rng, options.jobs):
        tables["real"].append(row)
        reach, margin = ("-" if row[key] is None else f"{row[key]:.4f}" for key in ("rules_out", "margin"))
        why = f"  {row['missing'][0][0]}" if row["missing"] else ""
        print(
            f"{row['users']:6} {row['primary']:8} {row['computable']:10.2f} {row['decisive']:9.2f} {reach:>10}"
            f" {margin:>8}{why}",
            flush=True,
        )
    print(f"\n{'plant':22} {'users':>6} {'axis':10} {'found':>6} {'missed':>6} {'false':>6}  other axes", flush=True)
    about = {"exposure_by_record": log.options["exposure_by_record"], "zone": log.options["zone"] or "UTC"}
    for severity in severities(options.severities):
        name, strength = severity[:2]
        try:
            events = plant(log.events, name, strength=strength, seed=options.seed + 1, **about)
        except TracelensError as error:
            print(f"{name:22} {error}")
            continue
        planted = log.statistics(events, real)
        for n in fit:
            row = planted_row(real, planted, severity, n, options, rng)
            tables["planted"].append(row)
            found = "-" if row["found"] is None else f"{row['found']:.2f}"
            others = ", ".join(f"{axis} {share:.2f}" for axis, share in sorted(row["others"].items()))
            print(
                f"{row['plant']:22} {n:6} {row['axis'] or '-':10} {found:>6} {row['missed']:6.2f} {row['false']:6.2f}"
                f"  {others}",
                flush=True,
            )
    print(f"\n{time.time() - began:.0f} s")
    if options.json:
        Path(options.json).write_text(json.dumps(tables, indent=1), encoding="utf-8")


assert all(severity[0] in PLANTS for severity in SEVERITIES)

if __name__ == "__main__":
    main()
