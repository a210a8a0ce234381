"""Functions that rules call and that ``math`` does not have, or has with errors of several ulps.

They are loaded when a rule names one (``backends.SPECIAL``).  Where a rounding error would be magnified it is found
exactly and put right to first order.  docs/accuracy.md has the errors that remain.
"""

from __future__ import annotations

import math

# Each constant in two doubles: the nearest one, and what it lacks, from mpmath.
_ROOT = 0.7071067811865476               # sqrt(1/2)
_ROOT_REST = -4.833646656726457e-17
_ROOT_PI = 1.7724538509055159
_ROOT_PI_REST = 1.453787399267733e-16
_PEAK = 0.3989422804014327               # 1/sqrt(2 pi)
_PEAK_REST = -2.49232720227773e-17

# (x + 2) tail(x) as a polynomial of 1 - 5.5/(x + 2), the highest power first; tail is that of _erfc_far.
# Interpolated by mpmath at the 26 Chebyshev points of -1 to 1: x from 0.75 to infinity.
_TAIL = (
    2.014882150050602e-10, 6.184741549679709e-10, -1.0353131503867425e-09, -6.367094523466205e-09,
    -3.0791446588007083e-09, 3.071402857417473e-08, 6.080698962476583e-08, -7.46715590764727e-08,
    -4.086920060572742e-07, -8.998249805543113e-08, 1.96091286758404e-06, 2.1576868471804057e-06,
    -7.948878763796404e-06, -1.533649401789032e-05, 3.0238852285563417e-05, 8.456990764576593e-05,
    -0.00012134222634660446, -0.00042145823181775097, 0.0005851467117623514, 0.002000341882886558,
    -0.003621186987702873, -0.008847866252303131, 0.028041562720424063, 0.024462009921854926,
    -0.27394622604326196, 0.731773868004275,
)


def _product(a: float, b: float) -> tuple[float, float]:
    """a·b as the nearest double and the rounding error, exactly (Dekker, A floating-point technique, 1971)."""
    found = a * b
    big = 134217729.0 * a
    head = big - (big - a)
    rest = a - head
    big = 134217729.0 * b
    upper = big - (big - b)
    lower = b - upper
    return found, ((head * upper - found) + head * lower + rest * upper) + rest * lower


def _bell(x: float, s: float) -> tuple[float, float]:
    """exp(-s·x²) for s a power of two, as a double and a small rest.

    The rounding error of x·x alone would cost s·x² ulps: x is split into a head with so few bits
    that its square is exact, and what is left of it.
    """
    head = round(x * 1048576) / 1048576
    found = math.exp(-s * head * head)
    return found, found * math.expm1(-s * (x - head) * (x + head))


def gauss(x: float, s: float) -> float:
    """exp(-s·x²), s a power of two."""
    if abs(x) > 40:
        return 0.0
    found, rest = _bell(x, s)
    return found + rest


def erfc(x: float) -> float:
    """1 - erf(x)."""
    return _erfc_far(x) if 0.75 < x < 27.5 else math.erfc(x)


def _erfc_far(x: float) -> float:
    """exp(-x²) / (sqrt(pi)·(x + tail(x))), which defines tail: about 1/(2x)."""
    scale = 1 / (x + 2)
    at, tail = 1 - 5.5 * scale, 0.0
    for factor in _TAIL:
        tail = tail * at + factor
    tail *= scale
    under = x + tail
    below, error = _product(under, _ROOT_PI)
    error += (x - under + tail) * _ROOT_PI + under * _ROOT_PI_REST
    above, rest = _bell(x, 1.0)
    found = above / below
    back, missing = _product(found, below)
    return found + ((above - back) - missing + rest - found * error) / below


def normal(x: float) -> float:
    """The share of the normal distribution below x, erfc(-x/sqrt(2))/2.

    erfc magnifies an error of its argument by 2z², so that of x·sqrt(1/2) is put right.
    """
    if abs(x) > 40:
        return 0.0 if x < 0 else 1.0
    z, error = _product(x, _ROOT)
    error += x * _ROOT_REST
    return (erfc(-z) + 2 / _ROOT_PI * gauss(z, 1.0) * error) / 2


def gelu_slope(x: float) -> float:
    """normal(x) + x·exp(-x²/2)/sqrt(2 pi): for negative x the two terms nearly cancel."""
    if abs(x) > 40:
        return 0.0 if x < 0 else 1.0
    z, error = _product(x, _ROOT)
    error += x * _ROOT_REST
    height, rest = _bell(x, 0.5)
    slope, slope_error = _product(x, _PEAK)
    moved, moved_error = _product(height, slope)
    return math.fsum((erfc(-z) / 2, height / _ROOT_PI * error, moved, moved_error, rest * slope,
                      height * (slope_error + x * _PEAK_REST)))


def cbrt(x: float) -> float:
    """The cube root: the library's, which may be 3 ulps off, after one step of Newton's method."""
    root = math.cbrt(x)
    if not 1e-290 < abs(x) < 1e290:
        return root
    return root - (root * root * root - x) / (3 * root * root)


def tanh_gap(z: float) -> float:
    """1 - tanh(x)/x for z = x² up to 1: Lambert's continued fraction x/(1 + z/(3 + z/(5 + …))), opened at 17."""
    return z * (11486475.0 + z * (810810.0 + z * (12870.0 + z * 44.0))) / (
        34459425.0 + z * (16216200.0 + z * (945945.0 + z * (13860.0 + z * 45.0))))
