"""The result of a comparison as a file: provenance, checks, and writing it whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from glob import glob
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA = "tracelens/result/1"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a result (draft 2020-12)."""
    import orjson

    return dict(orjson.loads(files("tracelens").joinpath("result.schema.json").read_bytes()))


def assemble(
    comparison: Mapping[str, Any],
    *,
    command: Sequence[str],
    paths: Mapping[str, str | PathLike[str] | Sequence[str | PathLike[str]]],
) -> dict[str, Any]:
    """Add provenance to a result (:attr:`tracelens.Comparison.result`).

    Parameters
    ----------
    comparison : mapping
        The result without provenance.
    command : sequence of str
        Arguments of the command line.
    paths : mapping of str to path or paths
        Where each side was read from.

    Returns
    -------
    dict
        What ``result.json`` holds. Outside ``provenance`` it is the same for the same input.
    """
    import os
    import platform

    provenance = {
        "version": version(),
        "command": list(command),
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "host": f"{platform.platform(terse=True)}, Python {platform.python_version()}, {os.cpu_count()} cores",
        "files": [
            _size(side, Path(path))
            for side, found in paths.items()
            for path in ([found] if isinstance(found, str | PathLike) else found)
        ],
    }
    return {**comparison, "provenance": provenance}


def version() -> str:
    """Version of the installed package."""
    from importlib import metadata

    try:
        return metadata.version("tracelens-behavior")
    except metadata.PackageNotFoundError:
        return "unknown"


def validate(result: Any) -> None:
    """Check a result against the schema.

    Raises
    ------
    TracelensError
        TL203, naming the place, for anything that is not a result of this version.
    """
    from tracelens.errors import TracelensError

    whole = schema()
    fault = _fault(result, whole, whole, "result")
    if fault is not None:
        raise TracelensError.new(
            203,
            f"not a result of tracelens: {fault}",
            notes=(f"expected: {SCHEMA}",),
            help="write it anew with compare",
        )


def dumps(result: Mapping[str, Any]) -> bytes:
    """Return the bytes of ``result.json``: keys sorted, indented, one newline at the end."""
    import orjson

    return orjson.dumps(result, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write_result(result: Mapping[str, Any], path: str | PathLike[str]) -> None:
    """Write ``result.json`` whole or not at all.

    Raises
    ------
    TracelensError
        TL203 for a result that does not fit the schema, TL211 where the file cannot be written.
    """
    validate(result)
    write_whole(dumps(result), Path(path))


def write_whole(content: bytes, path: Path) -> None:
    """Write beside the file, then take its place: a reader never sees half a file."""
    from tracelens.atomic import whole

    with whole(path) as beside:
        beside.write_bytes(content)


def _size(side: str, path: Path) -> dict[str, Any]:
    # Path.glob takes no absolute pattern
    tops = [path] if path.exists() else [Path(p) for p in glob(str(path), recursive=True)]  # noqa: PTH207
    found = [p for top in tops for p in ([top] if top.is_file() else top.rglob("*")) if p.is_file()]
    return {"side": side, "path": str(path), "files": len(found), "bytes": sum(p.stat().st_size for p in found)}


_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def _fault(value: Any, rule: Mapping[str, Any], whole: Mapping[str, Any], place: str) -> str | None:
    """The first breach, by the part of JSON Schema that the schema uses (jsonschema is the oracle in the tests)."""
    if "$ref" in rule:
        rule = whole["$defs"][rule["$ref"].removeprefix("#/$defs/")]
    if "const" in rule and value != rule["const"]:
        return f"{place} is {value!r}, not {rule['const']!r}"
    if "enum" in rule and value not in rule["enum"]:
        return f"{place} is {value!r}"
    kinds = [rule["type"]] if isinstance(rule.get("type"), str) else rule.get("type", [])
    fits = any(isinstance(value, _TYPES[k]) and (k == "boolean" or not isinstance(value, bool)) for k in kinds)
    if kinds and not fits:
        return f"{place} is not {' or '.join(kinds)}"
    if isinstance(value, dict):
        return _object_fault(value, rule, whole, place)
    if isinstance(value, (list, tuple)):
        if not rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", len(value)):
            return f"{place} has {len(value)} elements"
        inner = (_fault(item, rule.get("items", {}), whole, f"{place}[{i}]") for i, item in enumerate(value))
        return next((fault for fault in inner if fault is not None), None)
    if isinstance(value, (int, float)) and not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        return f"{place} is {value}"
    return None


def _object_fault(
    value: Mapping[str, Any], rule: Mapping[str, Any], whole: Mapping[str, Any], place: str
) -> str | None:
    known, other = rule.get("properties", {}), rule.get("additionalProperties", True)
    lacking = next((key for key in rule.get("required", []) if key not in value), None)
    if lacking is not None:
        return f"{place}.{lacking} is missing"
    for key, item in value.items():
        if key not in known and other is False:
            return f"{place}.{key} is unknown"
        inner = known.get(key, other if isinstance(other, dict) else {})
        fault = _fault(item, inner, whole, f"{place}.{key}")
        if fault is not None:
            return fault
    return None
