"""Rosters: who was there, also those without a single event, and when they entered."""

from dataclasses import dataclass
from datetime import date
from os import PathLike, fspath
from typing import TYPE_CHECKING

from tracelens.errors import TracelensError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Roster:
    """Users by side, and the local day on which they entered, if known.

    Attributes
    ----------
    users : dict of list of str
        ``"real"``, ``"sim"`` -> ids.
    entry : dict of int
        User -> local day since 1970-01-01; empty without a column ``entry``.
    """

    users: dict[str, list[str]]
    entry: dict[str, int]


def read_roster(path: str | PathLike[str]) -> Roster:
    """Read a roster: csv with a column ``user``, optionally ``entry`` (YYYY-MM-DD) and ``side`` (real or sim).

    Raises
    ------
    TracelensError
        TL201 for a missing file, TL214 for a missing column, TL204 for an entry that is no date, TL209 for a side
        that is none.
    """
    import polars as pl

    try:
        frame = pl.read_csv(fspath(path), infer_schema=False)
    except FileNotFoundError as error:
        raise TracelensError.new(201, f"no such file: {path}", help="give the path of a roster file") from error
    except pl.exceptions.PolarsError as error:
        raise TracelensError.new(
            203, f"{path} is not a csv file: {error}", help="a roster is csv with a column user"
        ) from error
    if "user" not in frame.columns:
        seen = f"columns: {', '.join(frame.columns)}"
        raise TracelensError.new(214, f"{path} has no column user", notes=(seen,), help="name the column of ids user")
    frame = frame.filter(pl.col("user").is_not_null())
    side = frame["side"] if "side" in frame.columns else pl.Series(["both"] * frame.height)
    if unknown := sorted(set(side.drop_nulls()) - {"real", "sim", "both"}):
        raise TracelensError.new(209, f"{path}: unknown side {unknown[0]!r}", help="sides are real, sim and both")
    users = {
        name: frame.filter(side.is_in([name, "both"]) | side.is_null())["user"].to_list() for name in ("real", "sim")
    }
    return Roster(users, _entries(path, frame) if "entry" in frame.columns else {})


def _entries(path: str | PathLike[str], frame: "pl.DataFrame") -> dict[str, int]:
    entries: dict[str, int] = {}
    for line, (user, entry) in enumerate(frame.select("user", "entry").iter_rows(), start=2):
        if entry is None:
            continue
        try:
            entries[user] = (date.fromisoformat(entry) - date(1970, 1, 1)).days
        except ValueError as error:
            message = f"entry of user {user} is no date\n  --> {path}:{line}"
            raise TracelensError.new(
                204, message, notes=(f"found {entry!r}",), help="write dates as YYYY-MM-DD"
            ) from error
    return entries
