"""Does the 95 % interval of H1r cover a planted ln k as often as it says?

    python benchmarks/coverage.py --draws 200 --users 150 --factor 1.5

Each draw makes a new population, splits its users at random, duplicates the records of one half and compares
the halves as populations. With honest intervals ln k lies inside in 92 to 98 % of the draws.
"""

import argparse
import math

import numpy as np
import polars as pl

from tracelens import Traces, compare
from tracelens.demo import demo_events
from tracelens.plant import plant


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--users", type=int, default=150, help="users an arm")
    parser.add_argument("--factor", type=float, default=1.5)
    options = parser.parse_args()
    about = {"zone": "Asia/Shanghai", "exposure_by_record": True}
    planted = math.log(options.factor)
    covered, effects = 0, []
    for draw in range(options.draws):
        events = demo_events(users=2 * options.users, days=30, seed=1000 + draw)
        users = np.random.default_rng(draw).permutation(events["user"].unique().sort().to_numpy())
        halves = [events.filter(pl.col("user").is_in(list(half))) for half in np.array_split(users, 2)]
        inflated = plant(halves[1], "inflate", strength=options.factor, seed=draw, **about)
        sides = Traces.from_frame(halves[0], **about), Traces.from_frame(inflated, **about)
        comparison = compare(*sides, design="population", seed=draw, score=False)
        metrics = comparison.result["comparisons"][0]["metrics"]
        ratio = next(m for m in metrics if m["id"] == "H1r" and not m["scope"])
        low, high = ratio["interval"]
        covered += low <= planted <= high
        effects.append(ratio["effect"])
        if (draw + 1) % 20 == 0:
            print(
                f"{draw + 1} draws: covered {covered / (draw + 1):.3f}, mean effect {np.mean(effects):.4f}", flush=True
            )
    print(f"planted ln k = {planted:.4f}; covered {covered}/{options.draws} = {covered / options.draws:.3f}")


if __name__ == "__main__":
    main()
