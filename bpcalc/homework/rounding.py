"""When a typed number is a rounding of an exact one, as people round: half away from zero.

A typed number is its value and the unit of its last digit (0.01 for ``-0.20``), or None where it was
an expression such as ``-1/3``, which is taken as exact.  ``noise`` is how far the exact number may
itself be off through binary arithmetic.
"""

from __future__ import annotations

from math import copysign, floor, isfinite, log10, trunc

_DUST = 1e-12
"""What decimal numbers lose by being kept in binary, with room for some steps: 0.15 is a little less."""


def last_digit(typed: str) -> float | None:
    """The unit of a plain number's last digit, or None for anything else and where no double is as small.

    >>> last_digit("-0.20"), last_digit("3"), last_digit("1.5e-3"), last_digit("1/3")
    (0.01, 1.0, 0.0001, None)
    """
    text = typed.strip().lstrip("+-−").lower()
    mantissa, mark, exponent = text.partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = whole + decimals
    if not (digits and digits.isascii() and digits.isdigit()):
        return None
    shift = 0
    if mark:
        sign = exponent[:1] if exponent[:1] in ("+", "-") else ""
        if not exponent[len(sign):].isdigit() or len(exponent) > 5:
            return None
        shift = int(exponent)
    return float(f"1e{shift - len(decimals)}") or None


def half_up(x: float, decimals: int) -> float:
    """``x`` to some decimals; a 5 goes away from zero, as by hand.

    >>> half_up(0.125, 2), half_up(-2.675, 2), half_up(0.004, 2)
    (0.13, -2.68, 0.0)
    """
    scale = 10.0 ** decimals
    scaled = abs(x) * scale
    if scaled > 1e15:
        return x
    # 2.675 is 2.67499999999999982 in binary, and 2.68 on paper.
    return copysign(floor(scaled * (1 + _DUST) + 0.5) / scale, x) + 0.0


def fits(value: float, unit: float | None, exact: float, noise: float = 0.0) -> bool:
    """Whether ``value`` is ``exact`` rounded to its last typed digit; at a tie both neighbours are.

    At least the first digit of the exact number has to be there: 1 is no rounding of 0.7.

    >>> fits(-0.2, 0.1, -0.1966), fits(-0.21, 0.01, -0.1966), fits(1.0, 1.0, 0.7)
    (True, False, False)
    """
    distance = abs(value - exact)
    if not isfinite(distance):                     # a wrong rule's number may be too large
        return False
    if unit is None:
        return distance <= 1e-9 * abs(exact) + noise
    if abs(exact) <= noise:
        return abs(value) <= noise
    return distance <= _digit(unit, exact) / 2 + _DUST * abs(exact) + noise


def is_cut(value: float, unit: float | None, exact: float) -> bool:
    """Whether ``value`` is ``exact`` with its further digits cut off, at least two being left.

    >>> is_cut(2.71, 0.01, 2.71828), is_cut(2.0, 1.0, 2.71828), is_cut(0.2, 0.1, 0.3)
    (True, False, False)
    """
    if unit is None or not value or unit * 10 > abs(exact):
        return False
    shifted = exact / unit
    if abs(shifted) > 1e15:
        return False
    return abs(trunc(shifted * (1 + _DUST)) - value / unit) <= 1e-6


def is_lost(value: float, unit: float | None, exact: float) -> bool:
    """Whether ``value`` is a zero typed with two or more decimals, and all that rounding left.

    >>> is_lost(0.0, 0.01, 0.004), is_lost(0.0, 0.1, 0.004), is_lost(0.0, 0.01, 0.006)
    (True, False, False)
    """
    return value == 0 and unit is not None and unit <= 0.01 and abs(exact) < unit / 2


def nearly(value: float, unit: float | None, exact: float) -> bool:
    """Whether ``value`` is within a twentieth of ``exact`` and only its last digits differ, or within a hundredth.

    >>> nearly(2.91, 0.01, 3.0), nearly(2.9105, 0.0001, 3.0), nearly(2.9805, 0.0001, 3.0)
    (True, False, True)
    """
    distance = abs(value - exact)
    most = 0.05 * abs(exact) if unit is not None and distance <= 10 * unit else 0.01 * abs(exact)
    return distance <= most


def is_beside(value: float, unit: float | None, exact: float) -> bool:
    """Whether ``value``, of two digits at least, is within two units of its last digit of ``exact``.

    >>> is_beside(-0.21, 0.01, -0.1966), is_beside(0.3, 0.1, 0.2), is_beside(-0.22, 0.01, -0.1966)
    (True, False, False)
    """
    return unit is not None and 10 * unit <= abs(exact) and abs(value - exact) <= 2 * unit


def is_one_digit(value: float | None, unit: float | None) -> bool:
    """Whether a number was typed with one digit that counts.

    >>> is_one_digit(6.0, 1.0), is_one_digit(0.3, 0.1), is_one_digit(28.0, 1.0), is_one_digit(0.30, 0.01)
    (True, True, False, False)
    """
    return value is not None and unit is not None and abs(value) < 9.5 * unit


def is_whole(exact: float | None, unit: float | None) -> bool:
    """Whether ``exact`` needs no digit below ``unit``."""
    if exact is None or unit is None or abs(exact) >= 1e15 * unit:
        return False
    return abs(exact - round(exact / unit) * unit) <= _DUST * abs(exact)


def decimals_of(unit: float | None, value: float | None) -> int:
    """How many decimals a typed number needs: 0.40 and 0.4 need one."""
    if unit is None or value is None:
        return 0
    most = places(unit)
    return next((count for count in range(most) if half_up(value, count) == value), most)


def places(unit: float | None) -> int:
    """How many decimals a number has that was typed to this unit: 0.40 has two.

    >>> places(0.01), places(1.0), places(100.0), places(None)
    (2, 0, 0, 0)
    """
    return 0 if unit is None else max(0, round(-log10(unit)))


def _digit(unit: float, exact: float) -> float:
    return min(unit, 10.0 ** floor(log10(abs(exact))))
