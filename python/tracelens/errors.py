"""Errors in the one form that tracelens prints: what, where, why, how to mend."""

from pathlib import Path


class TracelensError(Exception):
    """A mistake that the user can mend.

    Parameters
    ----------
    rendered : str
        The whole message, as printed: ``error[TLnnn]: ...``, place, snippet, notes and help.
    code : str
        ``"TL204"`` and the like; ``tracelens explain TL204`` says more.
    exit_status : int
        What the command line returns: 2 for a mistake in the asking (TL1xx), 3 for one in the data (TL2xx, TL3xx).
    """

    def __init__(self, rendered: str, code: str, exit_status: int) -> None:
        super().__init__(rendered)
        self.code = code
        self.exit_status = exit_status

    @classmethod
    def new(cls, code: int, message: str, *, notes: tuple[str, ...] = (), help: str | None = None) -> "TracelensError":
        """An error raised on the Python side, in the same form as those of the Rust side."""
        lines = [f"error[TL{code}]: {message}", *(f"   = {note}" for note in notes)]
        if help is not None:
            lines.append(f"help: {help}")
        return cls("\n".join(lines), f"TL{code}", 2 if code < 200 else 3)


def require_own(directory: Path, mark: str) -> None:
    """Refuse a directory that holds anything, unless the file `mark` says that it was written by us before.

    Raises
    ------
    TracelensError
        TL110.
    """
    if directory.exists() and not (directory / mark).is_file() and any(directory.iterdir()):
        help = "name a directory that is not there yet, or an empty one"
        raise TracelensError.new(110, f"{directory} is not empty, and nothing in it is to be overwritten", help=help)
