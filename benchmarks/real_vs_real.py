"""How often are two halves of the same real people told apart? Family-wise rejections over random user splits.

    python benchmarks/real_vs_real.py demo --users 200 --splits 200
    python benchmarks/real_vs_real.py ../shared/data/sx_mathoverflow --users 400 --splits 200

Each split draws two disjoint groups of users from one real log and compares them as populations. A rejection is any
primary with a Holm-adjusted p below .05; with a sound instrument that happens in about 5 % of the splits.
"""

import argparse
import time

import numpy as np
from draws import PRIMARIES, Log, binomial, gaps, primaries, take

from tracelens.verdict import ALPHA


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", help="a log, or demo for the demo's population")
    parser.add_argument("--mapping")
    parser.add_argument("--least", type=int, default=0, help="draw only users with so many events")
    parser.add_argument(
        "--users", type=int, default=400, help="users an arm; half of them all if there are not so many"
    )
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    log = Log.read(options.log, options.mapping, options.least)
    whole = log.statistics(log.events)
    users = min(options.users, len(whole.users) // 2)
    rng = np.random.default_rng(options.seed)
    rejected, alarms = 0, 0
    by_metric: dict[str, list[float]] = {name: [] for name in PRIMARIES}
    began = time.time()
    for split in range(options.splits):
        chosen = rng.permutation(len(whole.users))[: 2 * users]
        sides = take(whole, chosen[:users]), take(whole, chosen[users:])
        rows = primaries(*sides, "population", split, options.jobs)
        rejected += any(row.p_adjusted is not None and row.p_adjusted < ALPHA for row in rows.values())
        alarms += bool(gaps(rows))
        for name, row in rows.items():
            if row.tested and row.p is not None:
                by_metric[name].append(row.p)
        if (split + 1) % 20 == 0:
            print(f"{split + 1} splits, {rejected / (split + 1):.3f} rejected, {time.time() - began:.0f} s", flush=True)
    low, high = binomial(rejected, options.splits)
    print(
        f"{users} users an arm of {len(whole.users)}: family-wise rejections {rejected}/{options.splits} = "
        f"{rejected / options.splits:.3f} [{low:.3f}, {high:.3f}]; splits with any gap {alarms / options.splits:.3f}"
    )
    for name, ps in by_metric.items():
        if ps:
            print(f"  {name}: tested in {len(ps)}, p < .05 in {np.mean(np.array(ps) < ALPHA):.3f}")


if __name__ == "__main__":
    main()
