"""The HTML page, in a real browser: it plays, computes as Python does, needs no mouse and no network."""

import json
import math
import random
import re

import pytest

from bpcalc import backprop
from bpcalc.backends import floats
from bpcalc.javascript import maths, rules
from bpcalc.ops import BY_NAME, TABLE, Op
from bpcalc.render import to_html
from bpcalc.render.numbers import show

from .browser import launch
from .oracles import Program

CLASSIC = ("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4})
NEURON = ("f = sigmoid(w0*x0 + w1*x1 + w2)", {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3})


@pytest.fixture(scope="module")
def browser():
    with launch() as browser:
        yield browser


@pytest.fixture
def show_page(browser, tmp_path):
    """Open a report's page, or any HTML; what goes wrong in it fails the test."""
    pages = []
    troubles = []

    def opened(what, digits=6, title=None, **options):
        path = tmp_path / f"page{len(pages)}.html"
        html = what if isinstance(what, str) else to_html.render(what, digits, title)
        path.write_text(html, encoding="utf-8")
        page = browser.new_page(**options)
        pages.append(page)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: troubles.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page

    yield opened
    for page in pages:
        page.close()
    assert troubles == []


def words(page):
    """Everything that the page says about its numbers."""
    return page.evaluate("""() => [...document.querySelectorAll("h1, tbody tr, #steps li, #notes li, #circuit text")]
        .map(element => element.textContent.trim())""")


def put(page, **values):
    for name, value in values.items():
        page.get_by_label(name, exact=True).fill(value if isinstance(value, str) else repr(value))


def points():
    for row in TABLE:
        for point in (*row.samples, *row.borders):
            yield row, point


def test_the_rules_give_pythons_numbers_in_the_browser(show_page):
    """Every operation at its samples and borders: value, local gradients, domain, kinks and branches."""
    page = show_page("<title>rules</title>")
    page.add_script_tag(content=f"{maths()}const R = {rules(TABLE)};")
    asked = [[row.name, row.variadic, list(point)] for row, point in points()]
    answers = page.evaluate("""asked => asked.map(([name, wide, xs]) => {
        const row = R[name], attempt = f => { try { const y = f(); return Number.isFinite(y) ? y : null; }
                                              catch { return null; } };
        const call = (f, ...more) => wide ? f(xs, ...more) : f(...xs, ...more);
        const domain = row.domain.map(([test]) => call(test));
        const out = domain.includes(false) ? null : attempt(() => call(row.f));
        if (out === null) return {domain, out};
        return {domain, out, kinks: row.kinks.map(([test]) => call(test, out)),
                locals: xs.map((x, slot) => attempt(() => wide ? row.d[0](xs, x, out) : row.d[slot](...xs, out))),
                cases: xs.map((x, slot) => {
                    const test = !wide ? row.cases[slot] : xs.length === 2 ? row.pair : row.cases[0];
                    if (!test) return null;
                    return wide ? test(x, xs.length === 2 ? xs[1 - slot] : 0, out) : test(...xs, out); })};
    })""", asked)
    number = floats()
    for (row, point), answer in zip(points(), answers):
        where = (row.name, point)
        given = [list(point)] if row.variadic else list(point)
        assert answer["domain"] == [bool(number.rule(row.params, test)(*given)) for test, _ in row.domain], where
        out = None if False in answer["domain"] else attempt(number.forward(row), *given)
        assert close(answer["out"], out), where
        if out is None:
            continue
        own = (*row.params, "out")
        assert answer["kinks"] == [bool(number.rule(own, test)(*given, out)) for test, _ in row.kinks], where
        for slot, x in enumerate(point):
            local = attempt(number.partial(row, slot), *([given[0], x] if row.variadic else given), out)
            assert close(answer["locals"][slot], local), (*where, slot)
            shown = row.shown_partial(slot, len(point))
            assert (answer["cases"][slot] is not None) == (" if " in shown), where
            if " if " in shown:
                test = shown.partition(" if ")[2].partition(" else ")[0]
                named = ("x", "y", "out") if row.variadic else own
                at = (x, point[1 - slot] if len(point) == 2 else 0.0) if row.variadic else point
                assert answer["cases"][slot] == bool(number.rule(named, test)(*at, out)), (*where, slot)


def attempt(rule, *given):
    try:
        found = rule(*given)
    except (ArithmeticError, ValueError):
        return None
    return found if math.isfinite(found) else None


def close(theirs, ours):
    if theirs is None or ours is None:
        return theirs is ours
    return math.isclose(theirs, ours, rel_tol=1e-12, abs_tol=1e-300)


@pytest.mark.parametrize("digits", [1, 2, 6, 17])
def test_the_page_rounds_as_python_does(show_page, digits):
    rng = random.Random(digits)
    numbers = [0.5, 2.5, 9.5, 0.125, 0.375, 1e-4, 99999.5, 999999.5, 1e15, 1e16, 123456.5, 1e-5, 1 / 3, -0.0, 1e308,
               5e-324,              *(rng.uniform(-1, 1) * 10.0 ** rng.randint(-12, 12) for _ in range(200)),
               *(rng.randint(-4000, 4000) / 16 for _ in range(200))]
    page = show_page(backprop("f = x", x=1), digits)
    shown = page.evaluate("""numbers => numbers.map(number => {
        const field = document.querySelector(".inputs input");
        field.value = number; field.dispatchEvent(new Event("input"));
        return document.querySelector("h1 [data-n]").textContent;
    })""", [repr(number) for number in numbers])
    assert shown == [show(number, digits) for number in numbers]


CHANGES = [
    (*CLASSIC, {"x": 1, "y": 0.25, "z": 3}),
    (*NEURON, {"w0": 0.1, "x1": 7.5, "w2": -2e-7}),
    ("a = x + y; b = a * a; f = b + a*x - max(x, y)", {"x": 1, "y": 2}, {"x": 2, "y": -3}),        # sums, branches
    ("relu(x) * abs(y) + clip(x, -1, 1) + leaky_relu(y) + max(x, y, 2)", {"x": 1, "y": 2}, {"x": 0, "y": 0}),
    ("max(x, y) + min(x, y)", {"x": 1, "y": 2}, {"x": 2, "y": 2}),                                 # ties
    ("sqrt(x) * y + x^y", {"x": 1, "y": 2}, {"x": 0, "y": 0.5}),                                   # undefined
    ("t = x + 1; f = x * (1/3) - 0.5^2", {"x": 1}, {"x": -2}),                                     # unused, numbers
    ("elu(x) + gelu(y) + x^3 - x / y + atan2(x, y) + hypot(x, y)", {"x": 1, "y": 2}, {"x": -1, "y": 4}),
    ("third = 1/3; k = 2; f = third * x * k + e", {"x": 1}, {"x": -2, "k": 5}),
]


@pytest.mark.parametrize("text, first, changes", CHANGES, ids=[case[0][:30] for case in CHANGES])
def test_a_changed_input_gives_the_page_that_python_makes(show_page, text, first, changes):
    page = show_page(backprop(text, first))
    before = words(page)
    put(page, **changes)
    after = words(page)
    inside = {name: value for name, value in changes.items() if name not in first}
    for name, value in inside.items():
        text = text.replace(f"{name} = 2", f"{name} = {value}")
    fresh = show_page(backprop(text, {**first, **{k: v for k, v in changes.items() if k not in inside}}),
                      java_script_enabled=False)
    assert after == words(fresh)
    assert after != before
    page.get_by_role("button", name="Reset").click()
    assert words(page) == before


def test_some_gradients_and_another_upstream_are_kept(show_page):
    asked = {"wrt": ["x", "q"], "upstream": -2.5}
    page = show_page(backprop("q = x*y; f = q*y + relu(x)", x=1, y=2, **asked))
    put(page, x=-3, y=0.5)
    fresh = show_page(backprop("q = x*y; f = q*y + relu(x)", x=-3, y=0.5, **asked), java_script_enabled=False)
    assert words(page) == words(fresh)


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_are_computed_again_as_python_does(show_page, seed):
    program = Program(seed, size=8)
    page = show_page(backprop(program.text, program.inputs))
    assert words(page) == words(show_page(backprop(program.text, program.inputs), java_script_enabled=False))
    rng = random.Random(seed)
    changed = {name: round(rng.uniform(-2, 2), 2) for name in program.inputs}
    put(page, **changed)
    assert words(page) == words(show_page(backprop(program.text, changed), java_script_enabled=False))


def test_without_script_everything_is_visible(show_page):
    page = show_page(backprop(*CLASSIC), java_script_enabled=False)
    assert page.get_by_role("button").count() == 0                       # nothing that would not work
    assert page.locator("[data-n]").count() > 40
    for number in page.locator("[data-n]").all():
        assert number.is_visible()


def test_the_steps_go_forward_and_then_backward(show_page):
    page = show_page(backprop(*CLASSIC))
    count = page.locator("#steps li").count()
    page.get_by_role("button", name="Start").click()
    seen = []
    for _ in range(count):
        page.get_by_role("button", name="Next").click()
        seen.append(page.locator("#now").inner_text())
    assert "x = -2, y = 5, z = -4" in seen[0]
    assert "q = x + y" in seen[1]
    assert "q = 3" in seen[1]
    assert "f = -12" in seen[2]
    assert "∂f/∂q = z = -4" in seen[3]
    assert "1 × -4 = -4" in seen[3]
    assert "∂f/∂x = -4" in seen[-1]
    assert page.get_by_role("button", name="Next").is_disabled()


def visible(page):
    """The numbers in the picture that can be seen."""
    return page.evaluate("""() => [...document.querySelectorAll("#circuit [data-n]")]
        .filter(element => getComputedStyle(element).visibility === "visible").map(element => element.dataset.n)""")


def test_the_keyboard_alone_is_enough(show_page):
    page = show_page(backprop(*NEURON))
    everything = visible(page)
    page.keyboard.press("Home")
    assert visible(page) == []
    counts = []
    for _ in range(page.locator("#steps li").count()):
        page.keyboard.press("ArrowRight")
        counts.append(len(visible(page)))
    assert counts == sorted(counts)
    assert visible(page) == everything
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("End")
    # With Tab alone one gets from the first input to the last node; a node's row and wires light up.
    page.get_by_label("w0", exact=True).focus()
    labels = []
    for _ in range(40):
        page.keyboard.press("Tab")
        labels.append(page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id"))
    for wanted in ("reset", "first", "Step", "blanks", "w0, value 2, gradient -0.196612"):
        assert wanted in labels
    page.locator("#circuit .node").first.focus()
    assert page.locator("tr.near").count() == 1
    assert page.locator("#circuit .edge.near").count() == 1


def test_a_row_and_its_node_light_up_together(show_page):
    page = show_page(backprop(*CLASSIC))
    page.locator("tbody th", has_text="q = x + y").hover()
    assert page.locator("#circuit .node.near").count() == 1
    assert page.locator("#circuit .edge.near").count() == 3
    page.locator("#circuit .node.operation").last.hover()
    assert page.locator("tr.near").count() == 2


def test_trouble_is_said_in_words(show_page):
    page = show_page(backprop("f = log(x - y)", x=3, y=1))
    problem = page.get_by_role("alert")
    put(page, x="-1")
    assert "log needs a positive number (here n2 = -2)" in problem.inner_text()
    assert page.locator("h1").inner_text() == "f = log(x - y) = –"
    put(page, x="one")
    assert "“one” is not a number" in problem.inner_text()
    put(page, x="3/2")
    assert problem.inner_text() == ""
    assert page.locator("h1").inner_text() == f"f = log(x - y) = {show(math.log(0.5))}"
    put(page, x="1e999")
    assert "is not a number" in problem.inner_text()


def test_blanks_hide_what_is_to_be_worked_out(show_page):
    page = show_page(backprop(*CLASSIC))
    page.get_by_label("Blanks").check()
    assert page.title() == "f = q * z"
    assert "-12" not in page.locator("main").inner_text()
    assert not page.locator("#circuit [data-n=v0].blank").count()        # what is given stays
    blanks = page.locator("#circuit .blank").count()
    page.locator("#circuit [data-n=v3]").first.click()                   # at both places
    assert page.locator("#circuit .blank").count() == blanks - page.locator("#circuit [data-n=v3]").count()
    page.locator("td [data-n=g3]").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("td [data-n=g3]").first.inner_text() == "-4"
    page.get_by_label("Blanks").uncheck()
    assert page.locator(".blank").count() == 0


def test_hand_arithmetic_is_played_but_not_computed_again(show_page):
    report = backprop("f = x / y + x", x=1, y=3).rounded(2)
    page = show_page(report)
    assert page.locator(".inputs").count() == 0
    assert "0.33" in page.locator("#circuit").text_content()
    before = words(page)
    page.keyboard.press("Home")
    assert visible(page) == []
    page.keyboard.press("End")
    assert words(page) == before
    page.get_by_label("Blanks").check()
    page.locator("#circuit .blank").first.click()
    page.get_by_label("Blanks").uncheck()
    assert words(page) == before


def test_arrays_are_played_as_grids(show_page):
    page = show_page(backprop("s = W @ x; L = s[0] - s[1]", W=[[1, 2], [3, 4]], x=[5, -6]))
    assert page.locator(".inputs").count() == 0
    assert "[1  2]\n[3  4]" in page.locator("tbody tr").first.inner_text()
    before = words(page)
    page.keyboard.press("Home")
    assert visible(page) == []
    page.keyboard.press("End")
    assert words(page) == before
    assert any("dW = ds · xᵀ, so W gets" in line for line in before)


DECIDED = [
    ("L = hinge(s, y)", {"s": [3.2, 5.1, -1.7], "y": 0}, ["y"], {"s[1]": 2}, {"s": [3.2, 2, -1.7]}),
    ("L = cross_entropy(s, y)", {"s": [1, 2], "y": 1}, ["y"], {"s[0]": 5}, {"s": [5, 2]}),
    ("L = mean(hinge(S, y))", {"S": [[1, 2], [3, 4]], "y": [0, 1]}, ["y[0]", "y[1]"], {"S[0,0]": 4},
     {"S": [[4, 2], [3, 4]]}),
    ("f = sum(one_hot(y, n)*s)*t", {"y": 1, "n": 3, "s": [1, 2, 3], "t": 2}, ["y", "n"], {"s[1]": 7, "t": -1},
     {"s": [1, 7, 3], "t": -1}),
    ("s = [a, b, c]; f = s[i]^2", {"a": 1, "b": 2, "c": 3, "i": 2}, ["i"], {"c": 5}, {"c": 5}),
    ("k = j + 1; s = [a, b, c]; f = sum(s[:k])*t", {"a": 1, "b": 2, "c": 3, "j": 1, "t": 2}, ["j"], {"b": 5, "t": 3},
     {"b": 5, "t": 3}),
    ("f = hinge([a, b], y) + y^2", {"a": 1, "b": 2, "y": 1}, ["y"], {"a": 5}, {"a": 5}),
    ("f = n*sum(x^j for j in range(n + 1) if j != y)", {"n": 3, "x": 2, "y": 1}, ["n"], {"x": 3}, {"x": 3}),
    ("n = 3; f = n*sum(x^j for j in range(n))", {"x": 2}, ["n"], {"x": 3}, {"x": 3}),
]


@pytest.mark.parametrize("text, first, fixed, put_in, changes", DECIDED, ids=[case[0][:40] for case in DECIDED])
def test_what_decided_the_graph_cannot_be_changed_and_says_why(show_page, text, first, fixed, put_in, changes):
    def made(values):
        report = backprop(text, values)
        return report.opened() if report.trace.arrays else report

    page = show_page(made(first))
    before = words(page)
    for name in fixed:
        field = page.get_by_label(name, exact=True)
        assert not field.is_editable()
        assert field.get_attribute("title") == "It decides which circuit this is, so it cannot be changed here."
        field.focus()
        page.keyboard.press("ArrowUp")
        page.keyboard.type("5")
    assert words(page) == before
    reason = " and ".join(fixed) + (" decide" if len(fixed) > 1 else " decides")
    assert reason in page.locator("#fixed").inner_text()
    put(page, **put_in)
    assert words(page) == words(show_page(made({**first, **changes}), java_script_enabled=False))
    page.get_by_role("button", name="Reset").click()
    assert words(page) == before


def test_what_decides_nothing_can_be_changed(show_page):
    page = show_page(backprop("s = W @ x; f = where(y == 0, s[0], s[1])", W=[[1, 2], [3, 4]], x=[5, -6], y=1).opened())
    assert page.locator(".inputs input[readonly]").count() == 0
    assert page.locator("#fixed").count() == 0
    put(page, y=0)
    assert page.locator("h1 [data-n]").inner_text() == "-7"


@pytest.mark.parametrize(("text", "values", "kind", "line"), [
    ("sum(W @ x)", {"W": [[1, 2], [3, 4]], "x": [5, -6]}, None,
     "Arrays cannot be changed here; with --expand the page is about their single numbers, which can."),
    ("f = x / y", {"x": 1, "y": 3}, lambda report: report.rounded(2),
     "Inputs cannot be changed here: a page computes in floating point, not with the decimals of --round."),
    ("f = x / y", {"x": 1, "y": 3}, lambda report: report.exact(),
     "Inputs cannot be changed here: a page computes in floating point, not in exact numbers."),
])
def test_a_page_that_cannot_compute_says_so(show_page, text, values, kind, line):
    report = backprop(text, values)
    page = show_page(report if kind is None else kind(report))
    assert page.locator("#fixed").inner_text() == line
    page.emulate_media(media="print")
    assert not page.locator("#fixed").is_visible()


HOSTILE = "</title></script><script>document.body.id='owned'</script><img src=x onerror=alert(1)>\"'&amp;"


def test_hostile_titles_and_names_stay_text(show_page):
    page = show_page(backprop("__proto__ = constructor * 2; toString = __proto__ + constructor", constructor=3),
                     title=HOSTILE)
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.title().startswith(HOSTILE[:20])
    assert page.locator("img").count() == 0
    put(page, constructor=5)
    assert page.locator("#circuit .end").get_attribute("aria-label").endswith("value 15, gradient 1")


def test_the_page_fits_a_phone_and_paper(show_page):
    page = show_page(backprop(*NEURON), viewport={"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.keyboard.press("Home")
    page.emulate_media(media="print")
    assert not page.get_by_role("button").count()
    assert len(visible(page)) == page.locator("#circuit [data-n]").count()


@pytest.mark.parametrize(("width", "text"), [(390, "(x+y)*z"), (1280, "a*b" + "+a*b" * 5), (1280, "a" + "*b+a" * 9)])
def test_the_picture_fits_the_page_as_far_as_it_can_be_read(show_page, width, text):
    report = backprop(text, **{name: 2 for name in "xyzab" if name in text})
    page = show_page(report, viewport={"width": width, "height": 800})
    drawn, room = page.evaluate("""() => { const circuit = document.getElementById("circuit");
        return [circuit.getBoundingClientRect().width, circuit.closest(".figure").clientWidth]; }""")
    own = page.evaluate('document.getElementById("circuit").viewBox.baseVal.width')
    assert drawn == pytest.approx(min(own, max(room, 0.6 * own)), abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    key = page.locator("#key").bounding_box()
    assert key["x"] >= 0
    assert key["x"] + key["width"] <= width
    button = page.locator("#size")
    assert button.is_visible() == (own > room)
    if own > room:
        button.click()
        assert page.locator("#circuit").bounding_box()["width"] == own
        button.click()
        assert page.locator("#circuit").bounding_box()["width"] == pytest.approx(drawn, abs=1)


SCROLLED = """() => { const box = document.querySelector("table").closest(".figure");
    box.scrollLeft = 9999; return box.scrollLeft; }"""


def test_a_wide_table_scrolls_in_its_own_box(show_page):
    page = show_page(backprop(*NEURON), viewport={"width": 600, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 600
    assert page.evaluate(SCROLLED) > 0


def test_a_table_of_matrices_is_broken_between_them_where_it_is_too_wide(show_page):
    page = show_page(backprop("s = W @ x; L = hinge(s, y)", W=[[-2, -1], [1, -5]], x=[3, 2], y=0),
                     viewport={"width": 600, "height": 800})
    assert page.evaluate(SCROLLED) == 0
    grids = page.locator("table .grid").all()
    assert all(grid.bounding_box()["height"] < 50 for grid in grids), "no matrix is broken itself"


@pytest.mark.parametrize("width", [400, 1000, 1600])
def test_the_matrices_of_a_sum_line_up_and_an_operator_stands_before_its_own(show_page, width):
    report = backprop("S = X @ W.T; L = mean(hinge(S, y)) + 0.1*sum(W^2)", wrt="W", y=[0, 1],
                      W=[[1, -2, 0.5], [0.5, 1, -1]], X=[[1, 2, -1], [-2, 1, 3]])
    page = show_page(report, viewport={"width": width, "height": 900})
    row = page.locator("tbody tr", has=page.locator("th", has_text=re.compile("^W, shape")))
    cell = row.locator("td").nth(1)
    grids, signs = cell.locator(".grid").all(), cell.locator(".op").all()
    assert [sign.text_content().strip() for sign in signs] == ["", "+", "="]
    for grid, sign in zip(grids, signs):
        matrix, before = grid.bounding_box(), sign.bounding_box()
        assert before["x"] + before["width"] <= matrix["x"] + 1
        middle = matrix["y"] + matrix["height"] / 2
        assert before["y"] < middle < before["y"] + before["height"] or not sign.text_content()
    boxes = [grid.bounding_box() for grid in grids]
    if boxes[0]["y"] != boxes[-1]["y"]:
        by_line = {box["y"]: box["x"] for box in reversed(boxes)}         # the first of each line
        assert len({round(x) for x in by_line.values()}) == 1
    alone = page.locator("tbody tr", has_text="S = X @").locator("td").nth(1).locator(".grid")
    assert alone.bounding_box()["x"] == pytest.approx(boxes[0]["x"], abs=1)


def test_no_shape_reads_like_a_call(show_page):
    lines = words(show_page(backprop("s = W @ x; sum(s)", W=[[1, 2], [3, 4]], x=[1, 2])))
    assert any("s = W @ x, shape 2." in line for line in lines)
    assert "W shape 2×2" in lines
    assert not any("(2,)" in line for line in lines)


def test_the_page_is_small_and_allows_only_itself():
    html = to_html.render(backprop(*NEURON))
    assert len(html.encode()) < 60_000
    assert "default-src 'none'" in html
    assert "unsafe" not in html
    assert html == to_html.render(backprop(*NEURON))


@pytest.mark.parametrize("rule", ["[y for y in x]", "x.real", "x.sum()", "abs(x=x)", "x @ x", "~x",
                                  "nothing(x)"])
def test_a_rule_without_a_form_in_javascript_is_refused(rule):
    with pytest.raises(KeyError):
        rules([Op("odd", "x", rule, "1", doc="", latex="")])


def test_every_rule_has_its_form_in_javascript():
    text = rules(TABLE)
    for row in TABLE:
        assert not row.params or row.structural or f'"{row.name}":' in text
    assert '"sign":' in rules([BY_NAME["abs"]])                          # what a rule calls comes along
    json.dumps(text)
