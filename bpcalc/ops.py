"""THE TABLE: one row per operation; everything else follows from it.

A row is written as text so that one rule serves every reader of it: the engine runs it on floats,
the cross-check reads its definition with sympy's symbols, the table shows it as the local
gradient, docs/operations.md prints it and the tests are generated from it.

Vocabulary of a rule
    the row's parameters; ``out``, the row's own result; numbers; ``pi``; ``+ - * /``; comparisons
    and ``A if TEST else B``; the name of any row.  A row of any number of arguments calls them
    ``xs``, and the one that a partial is for ``x``; ``ties(xs, out)`` counts those equal to out.
    ``gauss(x, s)`` is exp(-s x^2), ``normal(x)`` the normal distribution's share below x, ``gelu_slope(x)``
    the derivative of x normal(x) and ``tanh_gap(x^2)`` 1 - tanh(x)/x: without the errors that rounding
    x^2 or x / sqrt(2) first, or subtracting, would bring (special.py).

Fields of a row
    forward     how the value is computed: stable for every argument in the domain
    partials    one per parameter, in order: how the local gradient is computed
    shown       per parameter, the local gradient as a textbook writes it, in bpcalc's own language
                (default: the partial itself); ``A if TEST else B`` where there are branches
    pair        for a row of any number of arguments: what is shown when there are two, x and y
    latex       how it is written in TeX
    latex_entries  the same of arrays, entry by entry, where ``latex`` would mean something else of them: W^2
                the matrix W W, |W| its determinant (default: latex)
    definition  the textbook formula (default: forward); what sympy is given
    domain      (test, words): where the operation is defined, and what to say elsewhere
    kinks       (test, words): where the derivative is a convention, and which one it is
    fixity      (symbol, power, floor) for operators; see syntax.py
    samples     points inside the domain and off the kinks, for the tests
    guarded     the forward rule does not fail by itself outside the domain: the engine asks first
    borders     points at or beyond the edges of the domain and far out, for the tests
    word        how a call is written, where two rows share a word (default: the name)
    symmetric   its arguments may change places
    one         for a row of two or more arguments: the structural row that its word means with one

Structural rows act on whole arrays (arrays.py), so they have no number for a local gradient.  They give
    pulls       per parameter, the gradient of that input from ``g``, the gradient of the result, which
                has the result's shape; empty where an argument is a label or an index and has none
    rules       per parameter, how a textbook writes it: ``{g} · {b}ᵀ``
    vectors     the rules where all arguments are vectors, if they differ
    statics     what is fixed when the graph is built (axis, shape, …); rules may name them
    fits        what has to be true of the shapes, in words
    keeps       the result stands on paper as its arguments do: of a row it is a row
The functions they call (matmul, total, spread, …) are those of ``arrays.vocabulary``; the tests give
a structural row its sample shapes.

Conventions at kinks are PyTorch's ("Gradients for non-differentiable functions" in its autograd
notes): relu'(0) = 0, |x|'(0) = 0, and tied arguments of max or min share the gradient equally.
"""

from __future__ import annotations

Point = tuple[float, ...]
Clause = tuple[str, str]


class Op:
    """One row.  ``code`` is its position in the table; the fields are described above."""

    __slots__ = (
        "aliases",
        "borders",
        "code",
        "defaults",
        "definition",
        "doc",
        "domain",
        "fits",
        "fixity",
        "forward",
        "guarded",
        "keeps",
        "kinks",
        "latex",
        "latex_entries",
        "legend",
        "name",
        "one",
        "pair",
        "params",
        "partials",
        "pulls",
        "rules",
        "samples",
        "shown",
        "statics",
        "symmetric",
        "variadic",
        "vectors",
        "word",
    )

    code: int

    def __init__(
        self,
        name: str,
        params: str,
        forward: str,
        *partials: str,
        doc: str,
        latex: str,
        latex_entries: str | None = None,
        samples: tuple[Point, ...] = (),
        borders: tuple[Point, ...] = (),
        shown: tuple[str, ...] | None = None,
        definition: str | None = None,
        domain: tuple[Clause, ...] = (),
        kinks: tuple[Clause, ...] = (),
        fixity: tuple[str, int, int] | None = None,
        aliases: tuple[str, ...] = (),
        guarded: bool = False,
        pair: str | None = None,
        word: str | None = None,
        one: str | None = None,
        pulls: tuple[str, ...] = (),
        rules: tuple[str, ...] = (),
        vectors: tuple[str, ...] | None = None,
        statics: str = "",
        fits: str = "",
        legend: str = "",
        symmetric: bool = False,
        keeps: bool = False,
    ) -> None:
        words = params.split()
        self.name = name
        self.variadic = params == "xs"
        self.params = tuple(word.partition("=")[0] for word in words)
        self.defaults = tuple(word.partition("=")[2] for word in words if "=" in word)
        self.forward = forward
        self.partials = partials
        self.shown = shown or partials
        self.definition = definition or forward
        self.domain = domain
        self.kinks = kinks
        self.fixity = fixity
        self.aliases = aliases
        self.guarded = guarded
        self.pair = pair
        self.word = word or name
        self.one = one
        self.pulls = pulls
        self.rules = rules
        self.vectors = vectors or rules
        self.statics = {word.partition("=")[0]: word.partition("=")[2] for word in statics.split()}
        self.fits = fits
        self.legend = legend
        self.symmetric = symmetric
        self.keeps = keeps
        self.doc = doc
        self.latex = latex
        self.latex_entries = latex_entries or latex
        self.samples = samples
        self.borders = borders

    @property
    def structural(self) -> bool:
        """Whether the operation acts on whole arrays instead of entry by entry."""
        return bool(self.pulls)

    def pull(self, slot: int) -> str:
        """The rule for the gradient of argument ``slot`` of a structural row; "" where it has none."""
        return self.pulls[min(slot, len(self.pulls) - 1)]

    def flows(self, slot: int) -> bool:
        """Whether a gradient flows back to argument ``slot`` at all: not to labels and indices."""
        return not self.structural or self.pull(slot) != ""

    @property
    def called(self) -> str:
        """What a message calls the operation: its word, or its sign in quotes."""
        return self.word if self.fixity is None else f"'{self.fixity[0]}'"

    @property
    def arity(self) -> str:
        """How many arguments the operation takes, in words."""
        if self.variadic:
            return "one or more"
        most = len(self.params)
        least = most - len(self.defaults)
        return f"{least}" if least == most else f"{least} or {most}"

    def accepts(self, count: int) -> bool:
        """Whether the operation can be called with ``count`` arguments."""
        if self.variadic:
            return count >= (1 if self.structural else 2)
        return len(self.params) - len(self.defaults) <= count <= len(self.params)

    def partial(self, slot: int) -> str:
        """The rule for the local gradient with respect to argument ``slot``."""
        return self.partials[0 if self.variadic else slot]

    def shown_partial(self, slot: int, count: int = 0) -> str:
        """The textbook form of :meth:`partial`, for a call with ``count`` arguments."""
        if count == 2 and self.pair is not None:
            return self.pair
        return self.shown[0 if self.variadic else slot]

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


def choice(rule: str) -> tuple[str, str, str]:
    """A rule ``A if TEST else B`` in its three parts; any other is A, and TEST and B are empty.

    >>> choice("1 if x > 0 else slope"), choice("1 / x")
    (('1', 'x > 0', 'slope'), ('1 / x', '', ''))
    """
    yes, _, rest = rule.partition(" if ")
    test, _, no = rest.partition(" else ")
    return yes, test, no


_POSITIVE = (("x > 0", "needs a positive number"),)
_JUMP = (("a == b", "a comparison jumps where both sides are equal; its gradient there is taken as 0"),)
_UNIT = (("-1 <= x <= 1", "needs a number from -1 to 1"),)

# Rows that students meet most come first: the engine tests for them in this order.
TABLE: tuple[Op, ...] = (
    # ------------------------------------------------------------------------------------- leaves
    Op("input", "", "", doc="A variable: its value comes from a binding.", latex=""),
    Op("constant", "", "", doc="A number written in the expression.", latex=""),
    # --------------------------------------------------------------------------------- arithmetic
    Op("add", "a b", "a + b", "1", "1",
       fixity=("+", 10, 10), symmetric=True, latex="{a} + {b}", doc="Sum: passes the gradient on to both inputs.",
       samples=((1.5, -2.0), (0.0, 3.0)), borders=((1e308, 1e308), (-1e308, -1e308))),
    Op("mul", "a b", "a * b", "b", "a",
       fixity=("*", 20, 20), symmetric=True, latex=r"{a} \cdot {b}", latex_entries=r"{a} \odot {b}",
       doc="Product: each input gets the other one.",
       samples=((1.5, -2.0), (0.0, 3.0)), borders=((1e200, 1e200), (1e-200, 1e-200))),
    Op("sub", "a b", "a - b", "1", "-1",
       fixity=("-", 10, 10), latex="{a} - {b}", doc="Difference.",
       samples=((1.5, -2.0), (0.0, 3.0)), borders=((1e308, -1e308),)),
    Op("div", "a b", "a / b", "1 / b", "-out / b", shown=("1 / b", "-a / b^2"),
       fixity=("/", 20, 20), latex=r"\frac{{{a}}}{{{b}}}", doc="Quotient.",
       domain=(("b != 0", "division by zero"),),
       samples=((1.5, -2.0), (-0.5, 3.0)), borders=((1.0, 0.0), (0.0, 0.0), (1e200, 1e-200))),
    Op("neg", "x", "-x", "-1",
       fixity=("-", 30, 30), latex="-{x}", doc="Negation.",
       samples=((1.5,), (-2.0,)), borders=((0.0,), (1e308,))),
    # A product is rounded once, pow may be an ulp off: squares are the same wherever the exponent is known beforehand.
    Op("pow", "a b", "a * a if b == 2 else pow(a, b)",
       # Where b - 1 is not exact its rounding would grow with log(a), or turn the sign: then out / a is better.
       "0 if b == 0 else b * pow(a, b - 1) if a == 0 or b - 1 + 1 == b != b - 1 else b * out / a",
       # Among the smallest doubles out itself has lost its digits; two halves keep them.
       "0 if a == 0 and b > 0 else out * log(a) if out > 1e-290 else pow(a, b / 2) * log(a) * pow(a, b / 2)",
       shown=("b * a^(b - 1)", "a^b * log(a)"), definition="pow(a, b)",
       fixity=("^", 40, 41), latex="{a}^{{{b}}}", latex_entries=r"{a}^{{\circ {b}}}", doc="Power; right-associative.",
       domain=(("a != 0 or b >= 0", "zero to a negative power"),
               ("a >= 0 or b % 1 == 0", "a negative number to a power that is not whole")),
       samples=((1.5, -2.0), (2.0, 3.0), (0.5, 0.5), (3.0, 1.0)),
       borders=((0.0, 0.5), (0.0, 0.0), (0.0, 2.0), (0.0, -1.0), (-8.0, 1 / 3), (-2.0, 3.0),
                (10.0, 400.0))),
    Op("identity", "x", "x", "1",
       latex="{x}", doc="The value itself: a second name for it.",
       samples=((1.5,), (-2.0,))),
    # ------------------------------------------------------------------- the corners of a network
    Op("max", "xs", "largest(xs)", "1 / ties(xs, out) if x == out else 0",
       shown=("1 if x == out else 0",), pair="1 if x > y else 0", one="reduce_max", symmetric=True,
       kinks=(("ties(xs, out) > 1", "the arguments tie; each of the largest gets an equal share"),),
       latex=r"\max({xs})", doc="The largest of two or more: routes the gradient to the winner.",
       samples=((1.5, -2.0), (-1.0, 3.0), (1.0, 5.0, 2.0)), borders=((1.0, 1.0), (2.0, 2.0, 2.0))),
    Op("min", "xs", "smallest(xs)", "1 / ties(xs, out) if x == out else 0",
       shown=("1 if x == out else 0",), pair="1 if x < y else 0", one="reduce_min", symmetric=True,
       kinks=(("ties(xs, out) > 1", "the arguments tie; each of the smallest gets an equal share"),),
       latex=r"\min({xs})", doc="The smallest of two or more: routes the gradient to the winner.",
       samples=((1.5, -2.0), (-1.0, 3.0), (1.0, -5.0, 2.0)), borders=((1.0, 1.0),)),
    Op("relu", "x", "x if x > 0 else 0", "1 if x > 0 else 0", definition="max(x, 0)",
       kinks=(("x == 0", "relu has a corner at 0; its gradient there is taken as 0"),),
       latex=r"\mathrm{{relu}}({x})", doc="Rectifier: x where x is positive, else 0.",
       samples=((1.5,), (-2.0,)), borders=((0.0,), (1e308,), (-1e308,))),
    Op("abs", "x", "abs(x)", "sign(x)", shown=("1 if x > 0 else -1",),
       kinks=(("x == 0", "abs has a corner at 0; its gradient there is taken as 0"),),
       latex=r"\left\lvert {x} \right\rvert", latex_entries=r"\mathrm{{abs}}({x})", doc="Absolute value.",
       samples=((1.5,), (-2.0,)), borders=((0.0,), (1e308,), (-1e308,))),
    Op("leaky_relu", "x slope=0.01", "x if x > 0 else slope * x",
       "1 if x > 0 else slope", "0 if x > 0 else x",
       kinks=(("x == 0 and slope != 1", "leaky_relu has a corner at 0; its gradient there is the slope"),),
       latex=r"\mathrm{{lrelu}}({x}, {slope})", doc="relu with a slope for negative x.",
       samples=((1.5, 0.01), (-2.0, 0.2)), borders=((0.0, 0.01), (1e308, 0.01))),
    Op("elu", "x alpha=1", "x if x > 0 else alpha * expm1(x)",
       # Far out, exp(x) loses digits to underflow that a large alpha would show: two halves keep them.
       "1 if x > 0 else alpha * exp(x) if x > -700 else alpha * exp(x / 2) * exp(x / 2)",
       "0 if x > 0 else expm1(x)",
       shown=("1 if x > 0 else alpha * exp(x)", "0 if x > 0 else exp(x) - 1"),
       definition="x if x > 0 else alpha * (exp(x) - 1)",
       kinks=(("x == 0 and alpha != 1", "elu has a corner at 0; its gradient there is alpha"),),
       latex=r"\mathrm{{elu}}({x}, {alpha})", doc="Exponential linear unit.",
       samples=((1.5, 1.0), (-2.0, 0.5)), borders=((0.0, 1.0), (-1e308, 1.0), (1e308, 1.0))),
    Op("clip", "x lo hi", "lo if x < lo else hi if x > hi else x",
       "1 if lo <= x <= hi else 0", "1 if x < lo else 0", "1 if x > hi else 0",
       shown=("1 if lo <= x <= hi else 0", "1 if x < lo else 0", "1 if x > hi else 0"),
       definition="min(max(x, lo), hi)",
       domain=(("lo <= hi", "the lower bound is above the upper one"),), guarded=True,
       kinks=(("x == lo or x == hi", "clip has a corner at its bounds; x gets the whole gradient there"),),
       latex=r"\mathrm{{clip}}({x}, {lo}, {hi})", doc="x kept between lo and hi.", aliases=("clamp",),
       samples=((0.5, -1.0, 1.0), (-2.0, -1.0, 1.0), (3.0, -1.0, 1.0)),
       borders=((1.0, -1.0, 1.0), (0.0, 1.0, -1.0))),
    Op("sign", "x", "1 if x > 0 else -1 if x < 0 else 0", "0",
       kinks=(("x == 0", "sign jumps at 0; its gradient there is taken as 0"),),
       latex=r"\mathrm{{sign}}({x})", doc="-1, 0 or 1; the gradient is 0.", aliases=("sgn",),
       samples=((1.5,), (-2.0,)), borders=((0.0,),)),
    Op("step", "x", "1 if x >= 0 else 0", "0",
       kinks=(("x == 0", "step jumps at 0; its gradient there is taken as 0"),),
       latex=r"\mathrm{{step}}({x})", doc="0 below zero, 1 from zero on; the gradient is 0.",
       aliases=("heaviside",),
       samples=((1.5,), (-2.0,)), borders=((0.0,),)),
    # ------------------------------------------------------------------ exponential and logarithm
    Op("exp", "x", "exp(x)", "out", shown=("exp(x)",),
       latex="e^{{{x}}}", latex_entries=r"\exp({x})", doc="Exponential.",
       samples=((0.5,), (-3.0,)), borders=((709.0,), (710.0,), (-1000.0,))),
    Op("log", "x", "log(x)", "1 / x", domain=_POSITIVE,
       latex=r"\ln({x})", doc="Natural logarithm.", aliases=("ln",),
       samples=((0.5,), (3.0,)), borders=((0.0,), (-1.0,), (1e-300,), (1e300,))),
    Op("sqrt", "x", "sqrt(x)", "1 / (2 * out)", shown=("1 / (2 * sqrt(x))",),
       domain=(("x >= 0", "needs a number that is not negative"),),
       latex=r"\sqrt{{{x}}}", doc="Square root.",
       samples=((0.25,), (3.0,)), borders=((0.0,), (-1.0,), (1e300,))),
    Op("square", "x", "x * x", "2 * x",
       latex="{x}^2", latex_entries=r"{x}^{{\circ 2}}", doc="x times x.",
       samples=((1.5,), (-2.0,)), borders=((1e200,), (0.0,))),
    Op("log2", "x", "log2(x)", "1.4426950408889634 / x", shown=("1 / (x * log(2))",), definition="log(x) / log(2)",
       domain=_POSITIVE,
       latex=r"\log_2({x})", doc="Logarithm to base 2.",
       samples=((0.5,), (3.0,)), borders=((0.0,), (-1.0,))),
    Op("log10", "x", "log10(x)", "0.4342944819032518 / x", shown=("1 / (x * log(10))",),
       definition="log(x) / log(10)", domain=_POSITIVE,
       latex=r"\log_{{10}}({x})", doc="Logarithm to base 10.",
       samples=((0.5,), (3.0,)), borders=((0.0,), (-1.0,))),
    Op("log1p", "x", "log1p(x)", "1 / (1 + x)", definition="log(1 + x)",
       domain=(("x > -1", "needs a number above -1"),),
       latex=r"\ln(1 + {x})", doc="log(1 + x), accurate near 0.",
       samples=((0.5,), (-0.5,)), borders=((-1.0,), (-2.0,), (1e-20,))),
    Op("expm1", "x", "expm1(x)", "exp(x)", definition="exp(x) - 1",
       latex="e^{{{x}}} - 1", latex_entries=r"\exp({x}) - 1", doc="exp(x) - 1, accurate near 0.",
       samples=((0.5,), (-3.0,)), borders=((710.0,), (-1000.0,), (1e-20,))),
    Op("cbrt", "x", "cbrt(x)", "out / (3 * x)", shown=("1 / (3 * cbrt(x)^2)",),
       definition="sign(x) * abs(x) ** (1 / 3)",
       latex=r"\sqrt[3]{{{x}}}", doc="Cube root, of negative numbers too.",
       samples=((0.125,), (-3.0,)), borders=((0.0,),)),
    # ------------------------------------------------------------------------ squashing functions
    # The library's function is up to 2 ulps off below 1.
    Op("tanh", "x", "x - x * tanh_gap(x * x) if -1 < x < 1 else tanh(x)",
       "(1 - out) * (1 + out) if -0.6 < x < 0.6 else 1 / cosh(x) / cosh(x) if abs(x) < 700 else 0",
       shown=("1 - out^2",), definition="tanh(x)",
       latex=r"\tanh({x})", doc="Hyperbolic tangent.",
       samples=((0.5,), (-3.0,)), borders=((1000.0,), (-1000.0,), (20.0,))),
    Op("sigmoid", "x", "1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))",
       "out / (1 + exp(x)) if x < 700 else exp(-x)", shown=("out * (1 - out)",), definition="1 / (1 + exp(-x))",
       latex=r"\sigma({x})", doc="Logistic function 1/(1 + exp(-x)).", aliases=("σ", "logistic"),
       samples=((0.5,), (-3.0,)), borders=((1000.0,), (-1000.0,), (40.0,))),
    Op("softplus", "x", "(x if x > 0 else 0) + log1p(exp(-abs(x)))", "sigmoid(x)",
       definition="log(1 + exp(x))",
       latex=r"\mathrm{{softplus}}({x})", doc="log(1 + exp(x)), a smooth relu.",
       samples=((0.5,), (-3.0,)), borders=((1000.0,), (-1000.0,), (0.0,))),
    # Far out, exp(x) has lost digits to underflow before x can make up for it: two halves keep them.
    Op("silu", "x", "x * sigmoid(x) if x > -700 else x * exp(x / 2) * exp(x / 2)",
       "sigmoid(x) * (1 + x * sigmoid(-x)) if x > -700 else (1 + x) * exp(x / 2) * exp(x / 2)",
       shown=("sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x))",), definition="x / (1 + exp(-x))",
       latex=r"\mathrm{{silu}}({x})", doc="x times sigmoid(x).", aliases=("swish",),
       samples=((0.5,), (-3.0,)), borders=((1000.0,), (-1000.0,))),
    Op("gelu", "x", "x * normal(x)", "gelu_slope(x)",
       shown=("(1 + erf(x / sqrt(2))) / 2 + x * exp(-x^2 / 2) / sqrt(2 * pi)",),
       definition="x * (1 + erf(x / sqrt(2))) / 2",
       latex=r"\mathrm{{gelu}}({x})", doc="x times the normal distribution's share below x.",
       samples=((0.5,), (-3.0,)), borders=((1000.0,), (-1000.0,))),
    Op("softsign", "x", "x / (1 + abs(x))", "1 / (1 + abs(x)) / (1 + abs(x))", shown=("1 / (1 + abs(x))^2",),
       latex=r"\mathrm{{softsign}}({x})", doc="x / (1 + |x|).",
       samples=((0.5,), (-3.0,)), borders=((1e308,), (0.0,))),
    Op("logsigmoid", "x", "(x if x < 0 else 0) - log1p(exp(-abs(x)))", "sigmoid(-x)",
       definition="-log(1 + exp(-x))",
       latex=r"\ln(\sigma({x}))", doc="log(sigmoid(x)), stable.",
       samples=((0.5,), (-3.0,)), borders=((1000.0,), (-1000.0,))),
    # ------------------------------------------------------------------------------- trigonometry
    Op("sin", "x", "sin(x)", "cos(x)",
       latex=r"\sin({x})", doc="Sine, of radians.",
       samples=((0.5,), (-3.0,)), borders=((1e22,),)),
    Op("cos", "x", "cos(x)", "-sin(x)",
       latex=r"\cos({x})", doc="Cosine, of radians.",
       samples=((0.5,), (-3.0,)), borders=((1e22,),)),
    Op("tan", "x", "tan(x)", "1 + out * out", shown=("1 + tan(x)^2",),
       latex=r"\tan({x})", doc="Tangent, of radians.",
       samples=((0.5,), (-3.0,)), borders=((1e22,),)),
    Op("asin", "x", "asin(x)", "1 / sqrt((1 - x) * (1 + x))", shown=("1 / sqrt(1 - x^2)",),
       domain=_UNIT, latex=r"\arcsin({x})", doc="Inverse sine.", aliases=("arcsin",),
       samples=((0.5,), (-0.25,)), borders=((1.0,), (-1.0,), (1.5,))),
    Op("acos", "x", "acos(x)", "-1 / sqrt((1 - x) * (1 + x))", shown=("-1 / sqrt(1 - x^2)",),
       domain=_UNIT, latex=r"\arccos({x})", doc="Inverse cosine.", aliases=("arccos",),
       samples=((0.5,), (-0.25,)), borders=((1.0,), (-1.0,), (1.5,))),
    Op("atan", "x", "atan(x)", "1 / (1 + x * x)", shown=("1 / (1 + x^2)",),
       latex=r"\arctan({x})", doc="Inverse tangent.", aliases=("arctan",),
       samples=((0.5,), (-3.0,)), borders=((1e200,),)),
    # Adding 0 takes the sign off -0: `atan2(-0, -1)` is pi, as the numbers 0 and -0 are one.
    Op("atan2", "y x", "atan2(y + 0, x + 0)", "x / hypot(x, y) / hypot(x, y)", "-y / hypot(x, y) / hypot(x, y)",
       shown=("x / (x^2 + y^2)", "-y / (x^2 + y^2)"), definition="atan2(y, x)",
       kinks=(("y == 0 and x < 0", "atan2 jumps from pi to -pi where y is 0 and x negative; its gradient there is the "
               "slope on both sides"),),
       latex=r"\mathrm{{atan2}}({y}, {x})", doc="Angle of the point (x, y).", aliases=("arctan2",),
       samples=((1.5, -2.0), (0.5, 3.0)), borders=((0.0, 0.0), (0.0, -1.0), (-0.0, -1.0), (-0.0, -0.0))),
    Op("sec", "x", "1 / cos(x)", "out * tan(x)", shown=("sec(x) * tan(x)",),
       latex=r"\sec({x})", doc="1 / cos(x).",
       samples=((0.5,), (-3.0,))),
    Op("csc", "x", "1 / sin(x)", "-out * cot(x)", shown=("-csc(x) * cot(x)",),
       domain=(("sin(x) != 0", "division by zero, as sin(x) is 0"),),
       latex=r"\csc({x})", doc="1 / sin(x).",
       samples=((0.5,), (-3.0,)), borders=((0.0,),)),
    Op("cot", "x", "1 / tan(x)", "-(1 + out * out)", shown=("-(1 + cot(x)^2)",),
       domain=(("tan(x) != 0", "division by zero, as tan(x) is 0"),),
       latex=r"\cot({x})", doc="1 / tan(x).",
       samples=((0.5,), (-3.0,)), borders=((0.0,),)),
    # ---------------------------------------------------------------------------------- hyperbolic
    Op("sinh", "x", "sinh(x)", "cosh(x)",
       latex=r"\sinh({x})", doc="Hyperbolic sine.",
       samples=((0.5,), (-3.0,)), borders=((711.0,),)),
    Op("cosh", "x", "cosh(x)", "sinh(x)",
       latex=r"\cosh({x})", doc="Hyperbolic cosine.",
       samples=((0.5,), (-3.0,)), borders=((711.0,),)),
    Op("asinh", "x", "asinh(x)", "1 / hypot(1, x)", shown=("1 / sqrt(1 + x^2)",),
       latex=r"\mathrm{{arsinh}}({x})", doc="Inverse hyperbolic sine.", aliases=("arcsinh",),
       samples=((0.5,), (-3.0,)), borders=((1e200,),)),
    Op("acosh", "x", "acosh(x)", "1 / sqrt((x - 1) * (x + 1)) if x < 1e9 else 1 / x", shown=("1 / sqrt(x^2 - 1)",),
       domain=(("x >= 1", "needs a number of at least 1"),),
       latex=r"\mathrm{{arcosh}}({x})", doc="Inverse hyperbolic cosine.", aliases=("arccosh",),
       samples=((1.5,), (3.0,)), borders=((1.0,), (0.5,), (1e200,))),
    Op("atanh", "x", "atanh(x)", "1 / ((1 - x) * (1 + x))", shown=("1 / (1 - x^2)",),
       domain=(("-1 < x < 1", "needs a number between -1 and 1"),),
       latex=r"\mathrm{{artanh}}({x})", doc="Inverse hyperbolic tangent.", aliases=("arctanh",),
       samples=((0.5,), (-0.25,)), borders=((1.0,), (-1.0,), (2.0,))),
    # --------------------------------------------------------------------------------- and the rest
    # Among the smallest doubles, out itself has lost its digits.
    Op("hypot", "a b", "hypot(a, b)",
       "a / out if out > 1e-290 else a / hypot(1e30 * a, 1e30 * b) * 1e30",
       "b / out if out > 1e-290 else b / hypot(1e30 * a, 1e30 * b) * 1e30",
       shown=("a / hypot(a, b)", "b / hypot(a, b)"), definition="sqrt(a * a + b * b)", symmetric=True,
       latex=r"\sqrt{{{a}^2 + {b}^2}}", doc="Length of the vector (a, b).",
       samples=((1.5, -2.0), (3.0, 4.0)), borders=((0.0, 0.0), (1e200, 1e200), (5e-324, 5e-324))),
    Op("erf", "x", "erf(x)", "2 / sqrt(pi) * gauss(x, 1)", shown=("2 / sqrt(pi) * exp(-x^2)",),
       latex=r"\mathrm{{erf}}({x})", doc="Error function.",
       samples=((0.5,), (-3.0,)), borders=((1e200,),)),
    Op("erfc", "x", "erfc(x)", "-2 / sqrt(pi) * gauss(x, 1)", shown=("-2 / sqrt(pi) * exp(-x^2)",),
       latex=r"\mathrm{{erfc}}({x})", doc="1 - erf(x), accurate far out.",
       samples=((0.5,), (-3.0,)), borders=((1e200,), (-1e200,))),
    # ---------------------------------------------------------------------- sums, choices and losses
    Op("sum", "xs", "add_up(xs)", "1", one="reduce_sum", symmetric=True,
       latex=r"\mathrm{{sum}}({xs})", doc="Sum of two or more; of an array's entries: sum(x, axis=0).",
       samples=((1.5, -2.0), (1.0, 5.0, 2.0)), borders=((1e308, 1e308), (1e16, 1.0, -1e16))),
    Op("mean", "xs", "add_up(xs) / count(xs)", "1 / count(xs)", one="reduce_mean", symmetric=True,
       latex=r"\mathrm{{mean}}({xs})", doc="Mean of two or more; of an array's entries: mean(x, axis=0).",
       samples=((1.5, -2.0), (1.0, 5.0, 2.0)), borders=((1e308, 1e308), (1e16, 1.0, -1e16))),
    Op("where", "c a b", "a if c != 0 else b", "0", "1 if c != 0 else 0", "0 if c != 0 else 1",
       latex=r"\mathrm{{where}}({c}, {a}, {b})", doc="a where c is not 0, else b.",
       samples=((1.0, 1.5, -2.0), (0.0, 0.5, 3.0)), borders=((0.5, 1e308, -1e308),)),
    Op("lt", "a b", "1 if a < b else 0", "0", "0", fixity=("<", 5, 5), kinks=_JUMP,
       latex="[{a} < {b}]", doc="1 where a is less than b, else 0; the gradient is 0.",
       samples=((1.5, -2.0), (0.0, 3.0)), borders=((1.0, 1.0),)),
    Op("le", "a b", "1 if a <= b else 0", "0", "0", fixity=("<=", 5, 5), kinks=_JUMP,
       latex=r"[{a} \le {b}]", doc="1 where a is at most b, else 0; the gradient is 0.",
       samples=((1.5, -2.0), (0.0, 3.0)), borders=((1.0, 1.0),)),
    Op("gt", "a b", "1 if a > b else 0", "0", "0", fixity=(">", 5, 5), kinks=_JUMP,
       latex="[{a} > {b}]", doc="1 where a is greater than b, else 0; the gradient is 0.",
       samples=((1.5, -2.0), (0.0, 3.0)), borders=((1.0, 1.0),)),
    Op("ge", "a b", "1 if a >= b else 0", "0", "0", fixity=(">=", 5, 5), kinks=_JUMP,
       latex=r"[{a} \ge {b}]", doc="1 where a is at least b, else 0; the gradient is 0.",
       samples=((1.5, -2.0), (0.0, 3.0)), borders=((1.0, 1.0),)),
    Op("eq", "a b", "1 if a == b else 0", "0", "0", fixity=("==", 5, 5), kinks=_JUMP, symmetric=True,
       latex="[{a} = {b}]", doc="1 where a equals b, else 0; the gradient is 0.",
       samples=((1.5, -2.0), (0.0, 3.0)), borders=((1.0, 1.0),)),
    Op("ne", "a b", "1 if a != b else 0", "0", "0", fixity=("!=", 5, 5), kinks=_JUMP, symmetric=True,
       latex=r"[{a} \ne {b}]", doc="1 where a differs from b, else 0; the gradient is 0.",
       samples=((1.5, -2.0), (0.0, 3.0)), borders=((1.0, 1.0),)),
    Op("huber", "p t delta=1", "(p - t) * (p - t) / 2 if abs(p - t) <= delta else delta * (abs(p - t) - delta / 2)",
       "clip(p - t, -delta, delta)", "-clip(p - t, -delta, delta)",
       # In one sum, as p - t rounded first would be off by much of a small difference.
       "add_up([p, -t, -delta]) if p - t > delta else add_up([t, -p, -delta]) if t - p > delta else 0",
       shown=("clip(p - t, -delta, delta)", "-clip(p - t, -delta, delta)", "max(abs(p - t) - delta, 0)"),
       domain=(("delta > 0", "needs a delta above 0"),), guarded=True,
       latex=r"\mathrm{{huber}}_{{{delta}}}({p}, {t})",
       doc="Huber loss: (p - t)^2/2 near t, straight beyond delta.",
       samples=((1.5, 1.0, 1.0), (-2.0, 3.0, 0.5)), borders=((1.0, 2.0, 0.0), (1e200, 0.0, 1.0), (0.0, -1e200, 2.0))),
    Op("bce", "p t", "(-t * log(p) if t != 0 else 0) + (-(1 - t) * log1p(-p) if t != 1 else 0)",
       "(p - t) / (p * (1 - p))",
       # Near 1/2 the two logarithms are nearly the same; 1 - 2p is exact there.
       "log1p((1 - 2 * p) / p) if 0.25 <= p <= 0.75 else log1p(-p) - log(p)",
       shown=("(p - t) / (p * (1 - p))", "log(1 - p) - log(p)"),
       definition="-t * log(p) - (1 - t) * log(1 - p)",
       domain=(("0 <= p <= 1", "needs a probability from 0 to 1"),
               ("p > 0 or t == 0", "needs a probability above 0 where t is not 0"),
               ("p < 1 or t == 1", "needs a probability below 1 where t is not 1")), guarded=True,
       latex=r"\mathrm{{bce}}({p}, {t})", doc="Binary cross-entropy of a probability p and a target t.",
       aliases=("binary_cross_entropy",),
       samples=((0.25, 1.0), (0.7, 0.0), (0.4, 0.5)), borders=((0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.5, 0.5))),
    Op("bce_with_logits", "z t", "(z * (1 - t) if z > 0 else -z * t) + log1p(exp(-abs(z)))",
       # sigmoid(z) - t, t taken from what is near it: sigmoid's last digit would be much of a small difference.
       "1 - t - sigmoid(-z) if z > 1 else sigmoid(z) - t if z < -1 else 0.5 - t + tanh(z / 2) / 2", "-z",
       shown=("sigmoid(z) - t", "-z"), definition="log(1 + exp(z)) - z * t",
       latex=r"\mathrm{{bce}}(\sigma({z}), {t})", doc="Binary cross-entropy of a score z and a target t, stable.",
       aliases=("bce_logits",),
       samples=((0.5, 1.0), (-3.0, 0.0), (2.0, 0.25)), borders=((1000.0, 1.0), (-1000.0, 1.0), (0.0, 0.0))),
    # ------------------------------------------------------------------------------- whole arrays
    Op("matmul", "a b", "matmul(a, b)", pulls=("matmul_left(g, a, b)", "matmul_right(g, a, b)"),
       rules=("{g} · {b}ᵀ", "{a}ᵀ · {g}"), vectors=("{g} · {b}", "{g} · {a}"), fixity=("@", 20, 20),
       fits="'@' needs as many columns on its left as there are rows on its right",
       latex="{a} {b}", doc="Matrix product; of two vectors their dot product.", aliases=("dot",)),
    Op("transpose", "x", "transpose(x)", pulls=("transpose(g)",), rules=("{g}ᵀ",), fits="transpose needs an array",
       keeps=True, latex=r"{x}^{{\top}}", doc="Rows become columns; also written x.T."),
    Op("outer", "a b", "outer(a, b)", pulls=("matmul(g, b)", "matmul(transpose(g), a)"),
       rules=("{g} · {b}", "{g}ᵀ · {a}"), fits="outer needs two vectors",
       latex=r"{a} {b}^{{\top}}", doc="Outer product of two vectors: the matrix of all products."),
    Op("index", "xs", "take(xs, at)", pulls=("put_back(g, xs, at)", ""),
       rules=("{g} in its place, 0 elsewhere", ""), statics="at",
       fits="the index does not fit", latex="{xs}", doc="Entries of an array: s[0], W[1, :], W[:, 0:2], s[y]."),
    Op("stack", "xs", "stack(xs, axis)", pulls=("unstack(g, slot, axis)",), rules=("the part of {g} that is its own",),
       statics="axis=0", fits="stack needs parts of one shape",
       keeps=True, latex=r"[{xs}]", doc="An array made of parts of one shape, along a new axis; also written [a, b]."),
    Op("concat", "xs", "concat(xs, axis)", pulls=("unconcat(g, xs, slot, axis)",),
       rules=("the part of {g} that is its own",), statics="axis=0",
       fits="concat needs arrays of the same shape but for the axis",
       keeps=True, latex=r"[{xs}]", doc="Arrays one after the other along an axis.", aliases=("concatenate",)),
    Op("reshape", "x", "reshape(x, shape)", pulls=("reshape(g, shape_of(x))",), rules=("{g} in the shape of {x}",),
       statics="shape", fits="reshape needs as many entries as before",
       keeps=True, latex=r"\mathrm{{reshape}}({x})",
       doc="The same entries in another shape: reshape(x, 2, 3), reshape(x, -1)."),
    Op("reduce_sum", "x", "total(x, axis, keepdims)", pulls=("spread(g, x, axis, keepdims)",), word="sum",
       rules=("{g} for every entry",), statics="axis keepdims=0", fits="sum needs an axis that the array has",
       latex=r"\sum {x}", doc="Sum of an array's entries, or along an axis."),
    Op("reduce_mean", "x", "total(x, axis, keepdims) / length(x, axis)",
       pulls=("spread(g, x, axis, keepdims) / length(x, axis)",), word="mean",
       rules=("{g} / N for every entry",), statics="axis keepdims=0", fits="mean needs an axis that the array has",
       latex=r"\mathrm{{mean}}({x})", doc="Mean of an array's entries, or along an axis."),
    Op("reduce_max", "x", "largest_along(x, axis, keepdims)",
       pulls=("spread(g, x, axis, keepdims) * shares(x, out, axis, keepdims)",), word="max",
       rules=("{g} for the largest, 0 for the others",), statics="axis keepdims=0",
       kinks=(("tied(x, out, axis, keepdims)", "entries tie; each of the largest gets an equal share"),),
       fits="max needs two or more numbers, or an array and an axis that it has",
       latex=r"\max({x})", doc="Largest entry of an array, or along an axis."),
    Op("reduce_min", "x", "smallest_along(x, axis, keepdims)",
       pulls=("spread(g, x, axis, keepdims) * shares(x, out, axis, keepdims)",), word="min",
       rules=("{g} for the smallest, 0 for the others",), statics="axis keepdims=0",
       kinks=(("tied(x, out, axis, keepdims)", "entries tie; each of the smallest gets an equal share"),),
       fits="min needs two or more numbers, or an array and an axis that it has",
       latex=r"\min({x})", doc="Smallest entry of an array, or along an axis."),
    Op("reduce_prod", "x", "product(x, axis, keepdims)",
       pulls=("spread(g, x, axis, keepdims) * other_products(x, axis)",), word="prod",
       rules=("{g} times the product of the others",), statics="axis keepdims=0",
       fits="prod needs an axis that the array has",
       latex=r"\prod {x}", doc="Product of an array's entries, or along an axis."),
    Op("norm", "x", "length_of(x, axis, keepdims)",
       pulls=("spread(g / where(out == 0, 1, out), x, axis, keepdims) * x",),
       kinks=(("out == 0", "norm has a corner at 0; its gradient there is taken as 0"),),
       rules=("{g} · {x} / {out}",), statics="axis keepdims=0", fits="norm needs an axis that the array has",
       latex=r"\left\lVert {x} \right\rVert", doc="Euclidean length: the root of the sum of squares."),
    Op("softmax", "x", "softmax(x, axis)", pulls=("out * (g - total(g * out, axis, 1))",),
       rules=("{out} ∘ ({g} - sum({g} ∘ {out}))",), statics="axis=-1", fits="softmax needs an axis that the array has",
       keeps=True, latex=r"\mathrm{{softmax}}({x})", doc="exp(x) / sum(exp(x)) along the last axis, stable."),
    Op("log_softmax", "x", "log_softmax(x, axis)", pulls=("g - exp(out) * total(g, axis, 1)",),
       rules=("{g} - softmax({x}) · sum({g})",), statics="axis=-1",
       fits="log_softmax needs an axis that the array has",
       keeps=True, latex=r"\ln \mathrm{{softmax}}({x})", doc="log(softmax(x)) along the last axis, stable."),
    Op("logsumexp", "x", "log_sum_exp(x, axis, keepdims)",
       pulls=("spread(g, x, axis, keepdims) * exp(x - spread(out, x, axis, keepdims))",),
       rules=("{g} · softmax({x})",), statics="axis=-1 keepdims=0", fits="logsumexp needs an axis that the array has",
       latex=r"\ln \sum e^{{{x}}}", doc="log(sum(exp(x))) along the last axis, stable."),
    Op("one_hot", "y n", "one_hot(y, n)", pulls=("", ""), rules=("", ""),
       fits="one_hot needs whole numbers from 0 to n - 1",
       latex=r"\mathrm{{onehot}}({y}, {n})", doc="A 1 in the place of each label, 0 in the other n - 1 places."),
    Op("cross_entropy", "s y", "log_sum_exp(s, -1, 0) - pick(s, y)",
       pulls=("last(g) * (softmax(s, -1) - mark(s, y))", ""),
       rules=("{g} · (softmax({s}) - onehot({y}))", ""),
       fits="cross_entropy needs scores whose last axis is the classes, and a label from 0 for each row of them",
       latex=r"\mathrm{{CE}}({s}, {y})", doc="Softmax cross-entropy of scores s and the right class y, stable."),
    Op("hinge", "s y margin=1", "violation(s, y, margin)",
       pulls=("last(g) * (violated(s, y, margin) - mark(s, y) * total(violated(s, y, margin), -1, 1))", "",
              "total(g * total(violated(s, y, margin), -1, 0), None, 0)"),
       rules=("{g} · (over - N · onehot({y}))", "", "{g} · N"),
       legend="in the rule of hinge, over has a 1 for each class over the margin and N is how many these are",
       kinks=(("on_edge(s, y, margin)", "a score is exactly at the margin; its gradient there is taken as 0"),),
       fits="hinge needs scores whose last axis is the classes, and a label from 0 for each row of them",
       latex=r"\mathrm{{hinge}}({s}, {y}, {margin})",
       doc="Multiclass hinge loss: the sum over j != y of max(0, s[j] - s[y] + margin); in its gradient "
           "over is 1 for each of the N classes over the margin.",
       aliases=("hinge_loss",)),
)

for _code, _row in enumerate(TABLE):
    _row.code = _code

BY_NAME: dict[str, Op] = {row.name: row for row in TABLE}
INPUT = BY_NAME["input"].code
CONSTANT = BY_NAME["constant"].code
IDENTITY = BY_NAME["identity"].code
NEG = BY_NAME["neg"].code

BINARY: dict[str, Op] = {
    row.fixity[0]: row for row in TABLE if row.fixity and len(row.params) == 2
}
"""Infix operators by their symbol."""

FUNCTIONS: dict[str, Op] = {
    name: row
    for row in reversed(TABLE)             # a word of two rows means the earlier one
    if row.params and (row.fixity is None or row.name in ("pow", "matmul")) and row.name != "index"
    for name in (row.word, *row.aliases)
}
"""Everything that can be called, by word and alias; user names never enter it."""

NAMED_CONSTANTS: dict[str, float] = {
    "pi": 3.141592653589793,
    "e": 2.718281828459045,
    "tau": 6.283185307179586,
    "π": 3.141592653589793,
    "τ": 6.283185307179586,
}
"""Names that mean a number unless they are bound or assigned."""
