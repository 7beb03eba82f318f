"""How often are two halves of the same real people told apart? Family-wise rejections over random user splits.

    python benchmarks/real_vs_real.py ../shared/data/sx_mathoverflow --users 400 --splits 200

Each split draws two disjoint groups of users from one real log and compares them as populations. A rejection is any
primary with a Holm-adjusted p below .05; with a sound instrument that happens in about 5 % of the splits.
"""

import argparse
import time

import numpy as np

from tracelens.pairwise import compare_statistics
from tracelens.traces import read_traces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log")
    parser.add_argument("--mapping")
    parser.add_argument("--users", type=int, default=400, help="users an arm")
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    traces = read_traces(options.log, options.mapping)
    whole = traces.statistics()
    rng = np.random.default_rng(options.seed)
    rejected, gaps = 0, 0
    by_metric: dict[str, list[float]] = {}
    began = time.time()
    for split in range(options.splits):
        chosen = rng.permutation(len(whole.users))[: 2 * options.users]
        arms = []
        for half in (chosen[: options.users], chosen[options.users :]):
            mask = np.zeros(len(whole.users), dtype=bool)
            mask[half] = True
            arms.append(whole.only(mask))
        result = compare_statistics(arms[0], arms[1], name="other", design="population", seed=split)
        primaries = [m for m in result["metrics"] if m["id"] in PRIMARIES and m["scope"] == {}]
        adjusted = [m["p_adjusted"] for m in primaries if m["p_adjusted"] is not None]
        rejected += any(p < 0.05 for p in adjusted)
        gaps += any(axis["verdict"] == "gap" for axis in result["axes"].values())
        for metric in primaries:
            if metric["p"] is not None:
                by_metric.setdefault(metric["id"], []).append(metric["p"])
        if (split + 1) % 20 == 0:
            print(f"{split + 1} splits, {rejected / (split + 1):.3f} rejected, {time.time() - began:.0f} s", flush=True)
    print(
        f"family-wise rejections {rejected}/{options.splits} = {rejected / options.splits:.3f}; "
        f"splits with any gap {gaps / options.splits:.3f}"
    )
    for metric, ps in sorted(by_metric.items()):
        print(f"  {metric}: computed {len(ps)}, p < .05 in {np.mean(np.array(ps) < 0.05):.3f}")


PRIMARIES = ("H1", "H3", "H6", "G1", "U1", "L2", "C1", "C9")

if __name__ == "__main__":
    main()
