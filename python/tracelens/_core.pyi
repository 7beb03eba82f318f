"""The compiled core of tracelens."""

from collections.abc import Callable
from typing import Any, final

__all__ = [
    "ArrowStream",
    "EventGroups",
    "EventReader",
    "Traces",
    "__version__",
    "asymmetry",
    "build_profile",
    "guess",
    "mappings",
    "sample",
    "sequences",
]

__version__: str
build_profile: str

def asymmetry(spans: Any, starts: Any) -> dict[str, Any]: ...
def mappings() -> list[str]: ...
def guess(paths: list[str]) -> tuple[str, str] | None: ...
def sample(paths: list[str], rows: int = 1000) -> list[dict[str, Any]]: ...
def sequences(
    traces: Traces,
    *,
    directly_follows: bool = False,
    chains: tuple[int, str | None, int] | None = None,
    grams: int | None = None,
    lift: int | None = None,
    profile: bool = False,
    funnel: tuple[int, list[list[tuple[str | None, str | None]]]] | None = None,
    jobs: int | None = None,
) -> dict[str, Any]: ...

@final
class ArrowStream:
    @staticmethod
    def empty() -> ArrowStream: ...
    def __len__(self, /) -> int: ...
    def __arrow_c_schema__(self, /) -> object: ...
    def __arrow_c_stream__(self, /, requested_schema: object | None = None) -> object: ...

@final
class EventGroups:
    def __iter__(self, /) -> EventGroups: ...
    def __next__(self, /) -> ArrowStream: ...
    def progress(self, /) -> tuple[int, int, int]: ...
    def report(self, /) -> str: ...

@final
class EventReader:
    def __new__(
        cls,
        paths: list[str],
        mapping: str | None = None,
        columns: list[str] | None = None,
        on_bad_row: str = "error",
        side: str | None = None,
        max_bad: float | None = None,
        limit: int | None = None,
        *,
        mapping_text: str | None = None,
    ) -> EventReader: ...
    def description(self, /) -> dict[str, Any]: ...
    def __iter__(self, /) -> EventGroups: ...
    def __arrow_c_schema__(self, /) -> object: ...
    def __arrow_c_stream__(self, /, requested_schema: object | None = None) -> object: ...

@final
class Traces:
    @staticmethod
    def read(
        paths: list[str],
        mapping: str | None = None,
        on_bad_row: str = "error",
        max_bad: float | None = None,
        text: bool = False,
        jobs: int | None = None,
        side: str | None = None,
        *,
        memory: int | None = None,
        progress: Callable[[int, int, int], None] | None = None,
    ) -> Traces: ...
    @property
    def seconds(self, /) -> tuple[float, float]: ...
    @staticmethod
    def from_arrow(frame: Any, mapping: str, jobs: int | None = None) -> Traces: ...
    def __len__(self, /) -> int: ...
    @property
    def users(self, /) -> list[str]: ...
    def names(self, /, column: str) -> list[str]: ...
    def report(self, /) -> str | None: ...
    def description(self, /) -> dict[str, Any]: ...
    def events(self, /, columns: list[str] | None = None) -> ArrowStream: ...
    def summarise(
        self,
        /,
        days: tuple[int, int] | None = None,
        entry: dict[str, int] | None = None,
        conversion_scenario: str | None = None,
        jobs: int | None = None,
        *,
        starts: bool = False,
        look_backs: bool = False,
    ) -> dict[str, Any]: ...
    def overlap(
        self,
        /,
        other: Traces,
        days: tuple[int, int] | None = None,
        other_days: tuple[int, int] | None = None,
    ) -> tuple[int, int, int, int, int, int, int]: ...
