"""Numbers for people: rounded to some significant digits, never cut, never -0."""

from __future__ import annotations

from ..written import Written

UNDEFINED = "undefined"
_FORMATS = [f"%.{digits}g" for digits in range(18)]


def show(value: float | None, digits: int = 6) -> str:
    """``value`` with ``digits`` significant digits; None is ``undefined``; Written numbers speak for themselves.

    >>> show(-12.0), show(1 / 3), show(1e-7), show(1234567.0), show(-0.0), show(None)
    ('-12', '0.333333', '1e-7', '1.23457e6', '0', 'undefined')
    """
    if type(value) is not float:                   # nearly all are
        if value is None:
            return UNDEFINED
        if isinstance(value, Written):
            return value.text
    if value == 0:
        return "0"
    text = _FORMATS[digits] % value
    if "e" not in text:
        return text
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}"
