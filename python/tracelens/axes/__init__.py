"""The axes: how user columns are made from statistics, which metrics are read off them; the registry of all metrics."""

from tracelens.axes import (
    activity,
    chains,
    clock,
    diversity,
    drift,
    habits,
    likeness,
    paths,
    rarity,
    tail,
    twins,
    valence,
)
from tracelens.metric import Metric

AXES = ("activity", "clock", "diversity", "valence", "tail", "chains")

METRICS: tuple[Metric, ...] = (
    *activity.METRICS,
    *habits.METRICS,
    *clock.METRICS,
    *diversity.METRICS,
    *likeness.METRICS,
    *twins.METRICS,
    *drift.METRICS,
    *valence.METRICS,
    *tail.METRICS,
    *rarity.METRICS,
    *chains.METRICS,
    *paths.METRICS,
)

REGISTRY: dict[str, Metric] = {metric.id: metric for metric in METRICS}
