"""A digest of what a result holds, the same whatever file, chunks or types of attributes it is kept in.

It is computed over the names, dimensions, types, attributes and values of all variables in one order, so that a
result read back can be held against what was saved, variable by variable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from settlesim.errors import SettlesimError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["SCHEMA", "content_digest", "differing", "part_digests", "stamp", "unstamped", "verify_content"]

# Layout of the files.  Those of version 0.1.0, which name none, hold no digest.
SCHEMA = 2
# Attributes of a file that are about its content, and no part of it.
STAMPS = ("schema", "content_digest", "content_digests")
# Attributes that xarray makes of its encoding, or takes for it.
ENCODED = ("_FillValue", "coordinates")
# Values taken at a time, so that a result that does not fit into memory has a digest too.
AT_ONCE = 1 << 20
# The digest of what belongs to no variable.
WHOLE = ""


def content_digest(dataset: xr.Dataset) -> str:
    """Return the digest of a result, such as ``sha256:...``, the same before it is saved and once it is read back.

    Parameters
    ----------
    dataset : xarray.Dataset
        In memory, or opened lazily: it is read in pieces of at most a million values.

    Returns
    -------
    str
        Changes with any value, name, dimension, type or attribute, and not with the order of variables, the format or
        the chunks of a file, or the type of number or sequence that an attribute is.

    Examples
    --------
    >>> import xarray as xr
    >>> runs = xr.Dataset({"deaths": ("run", [3, 5])}, attrs={"horizon": 208})
    >>> content_digest(runs) == content_digest(runs.assign_attrs(horizon=np.int32(208)))
    True
    >>> content_digest(runs) == content_digest(runs + 1)
    False
    """
    return _total(part_digests(dataset))


def part_digests(dataset: xr.Dataset) -> dict[str, str]:
    """Return the digest of each variable by its name, and of the attributes and coordinates under the empty name."""
    parts = {str(name): _digest(str(name), variable) for name, variable in dataset.variables.items()}
    whole = {"attrs": _plain(dataset.attrs), "coords": sorted(map(str, dataset.coords))}
    parts[WHOLE] = hashlib.sha256(_json(whole)).hexdigest()[:32]
    return parts


def stamp(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the attributes by which a file of this result is checked when it is opened."""
    parts = part_digests(dataset)
    return {"schema": SCHEMA, "content_digest": _total(parts), "content_digests": _json(parts).decode()}


def unstamped(dataset: xr.Dataset) -> xr.Dataset:
    """Return a result without the attributes of its file: it may be changed, and they would go on as they are."""
    kept = {name: value for name, value in dataset.attrs.items() if name not in STAMPS}
    bare = dataset.copy(deep=False)
    bare.attrs = kept
    return bare


def verify_content(dataset: xr.Dataset, name: str) -> None:
    """Hold a result that was read against the digest saved with it.

    Parameters
    ----------
    dataset : xarray.Dataset
        With the attributes of its file.
    name : str
        What it was read from.

    Raises
    ------
    SettlesimError
        If it is not what was saved; the message names the variables that differ.
    """
    differ = differing(dataset)
    if differ:
        more = f" and {len(differ) - 3} more" if len(differ) > 3 else ""
        raise SettlesimError(f"{name} is damaged, or was changed after it was saved: {', '.join(differ[:3])}{more}")


def differing(dataset: xr.Dataset) -> list[str]:
    """Return what of a result that was read is not as it was saved, by the digests that were saved with it."""
    found = part_digests(dataset)
    if dataset.attrs.get("content_digest") == _total(found):
        return []
    try:
        saved = json.loads(str(dataset.attrs.get("content_digests")))
        differ = [part for part in sorted({*saved, *found}) if saved.get(part) != found.get(part)]
    except (ValueError, AttributeError, TypeError):
        differ = []
    told = [repr(part) if part != WHOLE else "its attributes" for part in differ]
    return told or ["the digest that was saved with it"]


def _total(parts: Mapping[str, str]) -> str:
    return f"sha256:{hashlib.sha256(_json(parts)).hexdigest()}"


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _digest(name: str, variable: xr.Variable) -> str:
    kind = "str" if is_text(variable.dtype) else variable.dtype.newbyteorder("<").str
    head = [name, list(map(str, variable.dims)), list(variable.shape), kind, _plain(variable.attrs)]
    digest = hashlib.sha256(_json(head))
    for values in _slabs(variable):
        digest.update(_bytes(values))
    return digest.hexdigest()[:32]


def is_text(dtype: Any) -> bool:
    """Whether values are text, of one of the types that it has in memory."""
    return getattr(dtype, "kind", "O") in "UOT"


def _slabs(variable: xr.Variable) -> Iterator[NDArray[Any]]:
    """Read a variable piece by piece, in the order of its values whatever its chunks."""
    shape, size = variable.shape, variable.size
    if size <= AT_ONCE or not shape:
        if size:
            yield np.asarray(variable.values)
        return
    inner = size // shape[0]
    if inner > AT_ONCE:
        for row in range(shape[0]):
            yield from _slabs(variable[row])
        return
    step = max(1, AT_ONCE // inner)
    for start in range(0, shape[0], step):
        yield np.asarray(variable[start : start + step].values)


def _bytes(values: NDArray[Any]) -> bytes:
    if is_text(values.dtype):
        texts = ["" if _is_missing(text) else str(text) for text in values.ravel().tolist()]
        return _json([[len(text) for text in texts], texts])
    if values.dtype.kind == "f":
        # A number that is none has many forms, of which a file keeps one.
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
    return np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()


def _is_missing(text: Any) -> bool:
    return text is None or text != text


def _plain(attrs: Mapping[Any, Any]) -> list[Any]:
    """Return attributes in the form that all files give back: text, or numbers of no particular type."""
    kept = {str(name): value for name, value in attrs.items() if name not in (*STAMPS, *ENCODED)}
    return [[name, _numbers(value)] for name, value in sorted(kept.items())]


def _numbers(value: Any) -> Any:
    if isinstance(value, (str, bytes)):
        return value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return [[str(key), _numbers(one)] for key, one in sorted(value.items())]
    items = np.asarray(value, object).ravel().tolist()
    plain = [_scalar(item) for item in items]
    # A list of one is read back as its one item.
    return plain[0] if len(plain) == 1 else plain


def _scalar(item: Any) -> Any:
    if isinstance(item, (str, bytes)):
        return _numbers(item)
    if isinstance(item, (bool, int, np.integer, np.bool_)):
        return int(item)
    return float(item).hex() if isinstance(item, (float, np.floating)) else repr(item)
