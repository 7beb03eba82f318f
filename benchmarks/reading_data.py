"""The logs that reading.py reads: found, or else written by the generator of the logs, by packing, by stretching."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from measure import CannotError

PACKING = {"zst": ["zstd", "-3", "--quiet", "--stdout"], "gz": ["gzip", "-6", "--no-name", "--stdout"]}
FILES_OF_MANY = 256


@dataclass(frozen=True)
class Data:
    """The logs in a directory."""

    directory: Path
    gen: Path
    """The generator of the logs, a script."""
    python: str
    """The interpreter that it runs with."""
    quick: bool
    """A tenth of the data or less."""

    def find(self, work: str) -> Path:
        """Return the source of a work item, written now if it is missing."""
        if work == "nested":
            return self.nested()
        if work == "heavy":
            return self.heavy()
        return self.packed(work) if work in PACKING else self.flat(work)

    def flat(self, suffix: str) -> Path:
        """Return the flat log of this format: an event a row."""
        name, events, users = ("e1m", 1_000_000, 2_000) if self.quick else ("e10m", 10_000_000, 20_000)
        path = self.directory / f"{name}.{suffix}"
        if not path.exists():
            self._generate("flat", f"--events={events}", f"--users={users}", f"--formats={suffix}", name=name)
        return path

    def packed(self, suffix: str) -> Path:
        """Return the flat JSONL log, packed."""
        plain = self.flat("jsonl")
        path = plain.with_name(f"{plain.name}.{suffix}")
        if not path.exists():
            command = PACKING[suffix]
            if not shutil.which(command[0]):
                raise CannotError(f"{path.name} is missing, and so is {command[0]}, which would write it")
            print(f"writing {path}: {' '.join(command)}", flush=True)
            partial = path.with_suffix(".partial")
            with partial.open("wb") as out:
                subprocess.run([*command, str(plain.resolve())], stdout=out, check=True)
            partial.rename(path)
        return path

    def nested(self) -> Path:
        """Return the directory of nested documents, a file a user."""
        name, users = ("nested100", 100) if self.quick else ("nested", 2_000)
        if not (self.directory / name).exists():
            self._generate("nested", f"--users={users}", "--records=500", name=name)
        return self.directory / name

    def heavy(self) -> Path:
        """Return a directory with one huge object, a tenth of it, and as much in many files."""
        name, size, events = ("heavy100", 10**8, 26_300) if self.quick else ("heavy", 10**9, 263_000)
        path = self.directory / name
        if not path.exists():
            pool = _records(self.nested())
            print(f"writing {path}", flush=True)
            partial = path.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            (partial / "many").mkdir(parents=True)
            _write(partial / "one.json", "user_000000", _stretched(pool, size, events))
            _write(partial / "tenth.json", "user_000000", _stretched(pool, size // 10, events // 10))
            records, number = _stretched(pool, size, events), sum(1 for _ in _stretched(pool, size, events))
            for i in range(FILES_OF_MANY):
                part = islice(records, (i + 1) * number // FILES_OF_MANY - i * number // FILES_OF_MANY)
                _write(partial / "many" / f"user_{i:06}.json", f"user_{i:06}", part)
            partial.rename(path)
        return path

    def _generate(self, kind: str, *arguments: str, name: str) -> None:
        """Let the generator write the logs of this name."""
        if not self.gen.exists():
            raise CannotError(f"{name} is not in {self.directory}, and there is no generator {self.gen} (see --gen)")
        print(f"writing {self.directory / name}: {self.gen.name} {kind} {' '.join(arguments)}", flush=True)
        made = self.directory / "partial"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        command = [self.python, str(self.gen), kind, *arguments, f"--out={made / name}"]
        if subprocess.run(command).returncode:
            raise CannotError(f"the generator cannot write {name} with {self.python}")
        for path in made.iterdir():
            path.rename(self.directory / path.name)
        made.rmdir()


def size_of(source: Path) -> int:
    """Count the bytes of a file or of the files of a directory; of a packed file those that it unpacks to."""
    if source.is_dir():
        return sum(path.stat().st_size for path in source.iterdir())
    return (source.with_suffix("") if source.suffix[1:] in PACKING else source).stat().st_size


def _records(nested: Path) -> list[dict[str, Any]]:
    documents = (json.loads(path.read_bytes()) for path in sorted(nested.glob("*.json"))[:16])
    return [record for document in documents for user in document.values() for record in user["action_history"]]


def _stretched(pool: list[dict[str, Any]], size: int, events: int) -> Iterator[bytes]:
    """Give records of the pool, again and again and ever later, until they are so many events of so many bytes in all.

    What the records lack in bytes is made up by more contexts: that of what else was on the screen.
    """
    contexts = cycle([_text(record["context"]) for record in pool if "context" in record])
    start, written, done = datetime(2025, 9, 1), 0, 0
    for i, record in enumerate(cycle(pool)):
        if done >= events:
            return
        done += len(record["action"])
        rest = {"type": record["type"], "timestamp": str(start + i * timedelta(seconds=20)), "action": record["action"]}
        shown = []
        while written + sum(map(len, shown)) < size * done / events - 200:
            shown.append(next(contexts))
        text = b'{"context":{"shown":[' + b",".join(shown) + b"]}," + _text(rest)[1:]
        written += len(text)
        yield text


def _write(path: Path, user: str, records: Iterator[bytes]) -> None:
    with path.open("wb") as out:
        out.write(b'{"%s":{"action_history":[' % user.encode())
        for i, record in enumerate(records):
            out.write(b"," + record if i else record)
        out.write(b"]}}")


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
