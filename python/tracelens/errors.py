"""Errors in the one form that tracelens prints: what, where, why, how to mend."""

from pathlib import Path

CODES: dict[int, tuple[str, str]] = {
    101: ("The mapping file is not valid TOML.", "Mend the line that the message points at."),
    102: ("The mapping has a key that the mapping language does not have.", "Look it up in docs/mapping.md."),
    103: (
        "A key of the mapping has a value of the wrong type or range, or two keys exclude each other.",
        "Look the key up in docs/mapping.md.",
    ),
    104: ("No built-in mapping has this name.", "Take one of those that the message lists, or name a .toml file."),
    105: ("Something is missing that a mapping has to say.", "At least the user and the action have to be mapped."),
    106: (
        "None of the built-in mappings fits the files.",
        "Write a first mapping with tracelens init, and correct it.",
    ),
    110: ("An option, argument or file name has a value that is not possible.", "The message says which are."),
    130: ("Stopped from outside, by Ctrl-C or the like.", "Nothing half written is left behind: start it again."),
    201: ("There is no such file or directory.", "Mind the directory that the command runs in."),
    202: (
        "A directory or pattern holds no log file that can be read.",
        "Name the files themselves, or another pattern.",
    ),
    203: (
        "A file is not of the format that it should have, or is damaged.",
        "Name the format in the mapping, or make the file anew.",
    ),
    204: (
        "A timestamp has none of the formats that the mapping declares.",
        "Add its format under [event] time, or leave such rows out with --on-bad-row drop.",
    ),
    205: ("A row does not say whose it is.", "Map another column to user, or leave such rows out: --on-bad-row drop."),
    206: ("Bytes that are not UTF-8.", "Write the file anew as UTF-8."),
    207: ("A compressed file ends early or is damaged.", "Fetch or pack it again."),
    208: (
        "A value is not among those of the mapping's value map, and the mapping says that this is an error.",
        "Add it to the map, or say there what becomes of others.",
    ),
    209: (
        "A value should be a number, a flag, a role, a valence or a side, and is not.",
        "Map another column, or leave such rows out with --on-bad-row drop.",
    ),
    210: ("A row of delimited text has too few or too many columns.", "Quote what holds the delimiter."),
    211: ("The operating system refused to read or write.", "Mind permissions and free space."),
    212: (
        "A side holds no event that can be used.",
        "Look at it with tracelens inspect: is it mapped as it should be?",
    ),
    213: ("More rows are bad than --max-bad allows.", "Mend the mapping; if they are lost for good, allow more."),
    214: ("The mapping names a column or key that the file does not have.", "Look at it with tracelens inspect."),
    215: ("A frame that was handed over lacks a column, or has one of the wrong type.", "Rename or cast its columns."),
    301: (
        "The sides cannot be compared: no scenario or no day in common, or states made otherwise.",
        "Give both sides the same names, windows and options.",
    ),
}
"""What each code means, and how to mend it. TL1xx: a mistake in the asking; TL2xx: in the data; TL3xx: in comparing."""


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
