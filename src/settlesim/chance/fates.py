"""Addressed luck: every random number is a function of what it belongs to.

A number is a function of its address, ``(entropy, address, entity, occasion, run)``, and of nothing
else.  It does not depend on the sequence of talks, on how runs are split into blocks, on the worker, or on
what was drawn before.  Two sequences under one entropy therefore meet the same luck in every run, and a new
actor or parameter changes no other draw.

The address becomes the key of a counter-based generator (Philox 4x64, Salmon et al. 2011) and the rest its
counter:

=============  ==============================================================================
key            ``SeedSequence(entropy, spawn_key=blake2b(address)).generate_state(2)``
counter word 0  ``run // 4``; the four numbers of a counter block belong to four consecutive runs
counter word 1  0
counter word 2  ``occasion``, such as the week or the number of the round
counter word 3  ``blake2b(entity)``, 64 bits
=============  ==============================================================================

A block of consecutive runs is a run of consecutive counters, so it is drawn by one call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.errors import UsageError

__all__ = ["Fates", "Floats", "Rng", "entropy_of"]

Floats = NDArray[np.float64]
Rng = int | np.integer[Any] | np.random.SeedSequence | np.random.Generator | None

# A generator's doubles are multiples of 2^-53 and include zero, which has no logarithm or normal quantile.
SMALLEST = 2.0**-54
LANES = 4
WORD = 2**64


def entropy_of(rng: Rng) -> int:
    """Return the entropy that stands for `rng`, to be recorded with every result.

    Parameters
    ----------
    rng : int, numpy.random.SeedSequence, numpy.random.Generator or None
        An integer is its own entropy, as in ``SeedSequence(7)``.  A plain SeedSequence gives the integer it
        was made from, a spawned one 128 bits of its own state.  A Generator is asked for 128 bits, which
        moves it on.  None takes fresh entropy from the operating system.

    Returns
    -------
    int
        Non-negative; ``entropy_of(entropy_of(rng))`` is the same number.

    Raises
    ------
    UsageError
        If `rng` is something else, or a negative integer.

    Examples
    --------
    >>> entropy_of(7), entropy_of(np.random.SeedSequence(7))
    (7, 7)
    """
    if isinstance(rng, np.random.Generator):
        return _joined(rng.integers(0, WORD, size=2, dtype=np.uint64))
    if rng is None:
        rng = np.random.SeedSequence()
    if isinstance(rng, np.random.SeedSequence):
        if isinstance(rng.entropy, (int, np.integer)) and not rng.spawn_key:
            return int(rng.entropy)
        return _joined(_words(rng))
    if isinstance(rng, (bool, np.bool_)) or not isinstance(rng, (int, np.integer)):
        raise UsageError(f"rng must be an int, a SeedSequence, a Generator or None, not {type(rng).__name__}")
    if rng < 0:
        raise UsageError(f"rng must not be negative, got {rng}")
    return int(rng)


def _words(seeds: np.random.SeedSequence) -> NDArray[np.uint64]:
    return np.asarray(seeds.generate_state(2, np.uint64), dtype=np.uint64)


def _joined(words: NDArray[np.uint64]) -> int:
    return int(words[0]) | int(words[1]) << 64


@lru_cache(maxsize=65_536)
def _entity_word(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


class Fates:
    """The luck of some consecutive runs, as a pure function of its address.

    Parameters
    ----------
    entropy : int
        From `entropy_of`.
    runs : range
        Numbers of the runs, consecutive.

    Notes
    -----
    An object may be pickled but not shared between threads.

    Examples
    --------
    Run 5 is the same alone and among others:

    >>> many, alone = Fates(7, range(0, 100)), Fates(7, range(5, 6))
    >>> bool(many.uniform("attack", "Helmand", 12)[5] == alone.uniform("attack", "Helmand", 12)[0])
    True
    >>> many.uniforms("attack", ["Helmand", "Kunduz"], occasions=3).shape
    (2, 3, 100)
    """

    def __init__(self, entropy: int, runs: range) -> None:
        if runs.step != 1 or runs.start < 0 or not len(runs):
            raise UsageError(f"runs must be consecutive, from 0 on, and at least one; got {runs}")
        self.entropy = entropy
        self.runs = runs
        self._keys: dict[str, NDArray[np.uint64]] = {}
        self._bits = np.random.Philox(0)
        self._generator = np.random.Generator(self._bits)
        # The state is set anew before every draw; position 4: no number of a previous block is left over.
        state: Any = self._bits.state
        self._counter = np.zeros(4, np.uint64)
        self._inner = state["state"] = {"counter": self._counter, "key": np.zeros(2, np.uint64)}
        state["buffer_pos"] = LANES
        state["has_uint32"] = 0
        self._state = state
        self._first, self._skip = divmod(runs.start, LANES)

    def __reduce__(self) -> tuple[type[Fates], tuple[int, range]]:
        return Fates, (self.entropy, self.runs)

    def __repr__(self) -> str:
        return f"Fates({self.entropy}, {self.runs})"

    def run_of(self, column: int) -> int:
        """Return the number of the run whose luck a column has."""
        return self.runs[column]

    def first(self, columns: int) -> Fates:
        """Return the luck of the first runs alone."""
        return Fates(self.entropy, self.runs[:columns])

    def uniform(self, address: str, entity: str, occasion: int = 0) -> Floats:
        """Return one number in the open interval (0, 1) for each run, shape (R,).

        Parameters
        ----------
        address : str
            What the luck is for, such as ``"attack"``.
        entity : str
            Whose it is.
        occasion : int
            The week, or which time it is: what the luck travels with.
        """
        out = np.empty(len(self.runs))
        self._fill(self._key(address), _entity_word(entity), occasion, out)
        return np.maximum(out, SMALLEST, out=out)

    def uniforms(self, address: str, entities: Sequence[str], occasions: int | range | None = None) -> Floats:
        """Return numbers in (0, 1), shape (n, R), or (n, occasions, R) when `occasions` is given.

        Parameters
        ----------
        address : str
            What the luck is for.
        entities : sequence of str
            Whose it is.
        occasions : int or range, optional
            That many occasions from 0 on, or these.  None is occasion 0 without an axis of its own.
        """
        if isinstance(entities, str):
            raise UsageError(f"entities must be a sequence of names; for {entities!r} alone use uniform()")
        if occasions is None:
            return self.uniforms(address, entities, 1)[:, 0]
        which = occasions if isinstance(occasions, range) else range(occasions)
        out = np.empty((len(entities), len(which), len(self.runs)))
        key = self._key(address)
        for block, entity in zip(out, entities, strict=True):
            word = _entity_word(entity)
            for row, occasion in zip(block, which, strict=True):
                self._fill(key, word, occasion, row)
        return np.maximum(out, SMALLEST, out=out)

    def _key(self, address: str) -> NDArray[np.uint64]:
        if address not in self._keys:
            digest = hashlib.blake2b(address.encode(), digest_size=16).digest()
            words = tuple(int(word) for word in np.frombuffer(digest, "<u4"))
            self._keys[address] = _words(np.random.SeedSequence(self.entropy, spawn_key=words))
        return self._keys[address]

    def _fill(self, key: NDArray[np.uint64], entity: int, occasion: int, out: Floats) -> None:
        counter = self._counter
        counter[0], counter[1], counter[2], counter[3] = self._first, 0, occasion, entity
        self._inner["key"] = key
        self._bits.state = self._state
        if self._skip:
            self._generator.random(self._skip)
        self._generator.random(out=out)
