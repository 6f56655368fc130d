"""Which characters a text of a scenario may hold: those that are seen as what they are.

Codes that move a terminal's cursor, turn the direction of writing, or show nothing at all let a text look like another.
"""

from __future__ import annotations

import unicodedata

__all__ = ["character_fault", "line_fault", "name_fault", "prose_fault"]

# Between the letters of Persian, Pashto, Hindi and others they are spelling. Names do without, since two that differ
# in nothing else look the same.
JOINERS = "\u200c\u200d"
NAMED = {
    "Cc": "a control character",
    "Cf": "a character that is not seen, or turns the direction of writing",
    "Cs": "half a character",
    "Co": "a character without a meaning",
    "Cn": "a character without a meaning",
    "Zl": "a line end of another kind",
    "Zp": "a line end of another kind",
}


def character_fault(text: str, allowed: str = "") -> str | None:
    """Say which is the first character that may not stand in a text, and where; None where all may.

    Examples
    --------
    >>> character_fault("Kabul")
    >>> character_fault("Kabul" + chr(7))
    'holds U+0007 as its 6th character, a control character'
    """
    if text.isascii() and text.isprintable():
        return None
    for at, one in enumerate(text):
        kind = unicodedata.category(one)
        if kind in NAMED and one not in allowed:
            name = unicodedata.name(one, "").lower()
            code = f"U+{ord(one):04X}" + (f" ({name})" if name else "")
            return f"holds {code} as its {_nth(at + 1)} character, {NAMED[kind]}"
    return None


def name_fault(name: str) -> str | None:
    """Say what keeps a text from being a name, by which things are told apart.

    Examples
    --------
    >>> name_fault("us_first"), name_fault(" us first")
    (None, 'starts or ends with a blank')
    """
    if name != name.strip():
        return "starts or ends with a blank"
    fault = character_fault(name)
    if fault is None and not unicodedata.is_normalized("NFC", name):
        composed = unicodedata.normalize("NFC", name)
        at = next((i for i, (a, b) in enumerate(zip(name, composed, strict=False)) if a != b), len(composed) - 1)
        fault = f"writes {composed[at]!r} (U+{ord(composed[at]):04X}) in another way than the usual one (NFC)"
    return fault


def line_fault(text: str) -> str | None:
    """Say which character may not stand in a text for people that has one line."""
    return character_fault(text, allowed=JOINERS)


def prose_fault(text: str) -> str | None:
    """Say which character may not stand in a text for people, which may have several lines."""
    return character_fault(text, allowed="\n\t" + JOINERS)


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
