"""Where the time of a comparison goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Profile:
    """Seconds by stage, in the order in which the stages were first met.

    Attributes
    ----------
    seconds : dict of str to float
        ``read``: files become events; ``scatter``: events are brought together by user and sorted; ``fold``: events
        become user statistics (events on disk are sorted here); ``plant``: trivial simulators are planted, where scores
        end; ``match``: records that both sides have are counted; ``resample``: the sides are compared.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def add(self, stage: str, seconds: float) -> None:
        """Add to a stage what was measured elsewhere."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        began = perf_counter()
        try:
            yield
        finally:
            self.add(name, perf_counter() - began)

    def line(self) -> str:
        """Say it in one line, with the peak of resident memory where the system tells."""
        stages = [f"{name} {seconds:.2f} s" for name, seconds in self.seconds.items()]
        return ", ".join([*stages, *_peak()])


def _peak() -> list[str]:
    import sys

    if sys.platform == "win32":
        return []
    import resource

    # Kibibytes, but bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return [f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:,.0f} MB"]
