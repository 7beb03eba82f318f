"""The registry: every metric, explicitly, axis by axis."""

from tracelens.axes import activity, chains, clock, diversity, tail, valence
from tracelens.axes.base import Estimate, Metric

AXES = ("activity", "clock", "diversity", "valence", "tail", "chains")

METRICS: tuple[Metric, ...] = (
    *activity.METRICS,
    *clock.METRICS,
    *diversity.METRICS,
    *valence.METRICS,
    *tail.METRICS,
    *chains.METRICS,
)

REGISTRY: dict[str, Metric] = {metric.id: metric for metric in METRICS}

__all__ = ["AXES", "METRICS", "REGISTRY", "Estimate", "Metric"]
