// Plays the page: computes it again for other inputs, shows it step by step, hides numbers until asked.
// M and R come before this: what rules call, and the rules of the page's operations.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const nodes = data.nodes.map(([op, from, label, what, live, shown]) => ({
    op, label, what, live, shown, args: Array.isArray(from) ? from : [], value: from,
  }));
  const by = id => document.getElementById(id);
  const all = (selector, root = document) => root.querySelectorAll(selector);

  // ------------------------------------------------------------------------------------- numbers
  // As Python's format does it: significant digits, half to even, no trailing zeros.
  function show(x, digits) {
    if (x === undefined) return "–";
    if (x === null || !Number.isFinite(x)) return "undefined";
    if (x === 0) return "0";
    let [head, power] = Math.abs(x).toExponential(digits - 1).split("e");
    const [exact, below] = Math.abs(x).toExponential(60).split("e");
    const kept = digits === 1 ? exact[0] : exact.slice(0, digits + 1);
    if (/^\.?50*$/.test(exact.slice(kept.length)) && kept.at(-1) % 2 === 0) [head, power] = [kept, below];
    power = Number(power);
    let figures = head.replace(".", "");
    if (power < -4 || power >= digits) {
      figures = figures.replace(/0+$/, "");
      head = figures[0] + (figures.length > 1 ? "." + figures.slice(1) : "") + "e" + power;
    } else if (power < 0) {
      head = "0." + "0".repeat(-power - 1) + figures.replace(/0+$/, "");
    } else {
      const rest = figures.slice(power + 1).replace(/0+$/, "");
      head = figures.slice(0, power + 1) + (rest ? "." + rest : "");
    }
    return (x < 0 ? "-" : "") + head;
  }

  function read(text) {
    const parts = text.trim().replace(/[−–]/g, "-").split("/");
    if (parts.length > 2 || !parts.every(part => /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(part))) return NaN;
    return parts.length === 2 ? Number(parts[0]) / Number(parts[1]) : Number(parts[0]);
  }

  // ----------------------------------------------------------------------------------- both passes
  class Problem extends Error {}

  const given = (k, v) => nodes[k].args.map(i => v[i]);
  const variadic = row => row.f.length === 1 && row.f.toString().startsWith("(xs)");
  const call = (row, f, xs, ...more) => variadic(row) ? f(xs, ...more) : f(...xs, ...more);

  function value(k, v) {
    const row = R[nodes[k].op], xs = given(k, v);
    const failed = row.domain.find(([test]) => !call(row, test, xs));
    let y = NaN;
    if (!failed) try { y = call(row, row.f, xs); } catch { /* too large */ }
    if (Number.isFinite(y)) return y;
    const name = nodes[k].op;
    let words = `the result of ${name} is too large for a double-precision number`;
    if (failed) words = failed[1].startsWith("needs") ? `${name} ${failed[1]}` : failed[1];
    const here = nodes[k].args.filter(i => nodes[i].op !== "constant").map(i => `${nodes[i].label} = ${show(v[i], 12)}`);
    throw new Problem(`${nodes[k].label} = ${nodes[k].what}: ${words}` +
                      (here.length ? ` (here ${[...new Set(here)].join(" and ")})` : ""));
  }

  function local(k, slot, v) {
    const row = R[nodes[k].op], xs = given(k, v);
    try {
      const y = variadic(row) ? row.d[0](xs, xs[slot], v[k]) : row.d[slot](...xs, v[k]);
      return Number.isFinite(y) ? y : null;
    } catch { return null; }
  }

  const finite = y => Number.isFinite(y) ? y : null;

  // Everything by its key; what cannot be computed is left out, and what does not exist is null.
  function compute(inputs) {
    const found = {}, v = [], g = nodes.map(() => 0), reached = nodes.map(() => false), notes = [];
    try {
      nodes.forEach((node, k) => {
        v[k] = node.args.length ? value(k, v) : k in inputs ? inputs[k] : node.value;
        found[`v${k}`] = v[k];
      });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      return { found, notes, problem: problem.message };
    }
    reached[data.output] = true;
    for (let k = data.output; k >= 0; k--) if (reached[k]) for (const i of nodes[k].args) reached[i] = true;
    g[data.output] = data.upstream;
    const missing = [];
    for (let k = nodes.length - 1; k >= 0; k--) {
      if (!nodes[k].live) continue;
      found[`g${k}`] = finite(g[k]);
      nodes[k].args.forEach((i, slot) => {
        if (!nodes[i].live) return;
        const l = found[`l${k}.${slot}`] = local(k, slot, v);
        found[`p${k}.${slot}`] = l === null || found[`g${k}`] === null ? null : finite(g[k] * l);
        if (!reached[k]) return;
        g[i] += l === null ? NaN : g[k] * l;
        if (l === null) missing.push([k, slot]);
      });
    }
    nodes.forEach((node, k) => {
      const row = R[node.op];
      if (!row || !reached[k] || !node.args.some(i => nodes[i].live)) return;
      const kink = row.kinks.find(([test]) => call(row, test, given(k, v), v[k]));
      if (kink) notes.push(`note: ${node.label}: ${kink[1]}`);
    });
    missing.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [k, slot] of missing) {
      const { op, args, label } = nodes[k];
      const which = args.length > 1 ? ` with respect to ${data.symbols[args[slot]] ?? `its argument ${slot + 1}`}` : "";
      const point = args.map(i => show(v[i], 6)).join(" and ");
      notes.push(`note: ${label}: the derivative of ${data.spelling[op] ?? op}${which} does not exist or is ` +
                 `infinite at ${point}`);
    }
    for (const k of data.leaves) if (Math.abs(g[k]) === Infinity)
      notes.push(`note: ${nodes[k].label}: the gradient is too large for a double-precision number`);
    return { found, notes, v };
  }

  // Which branch of a local gradient holds, as the table writes it: [" = z", " (z > 0)"].
  function branch(at, { found, v }) {
    const [k, slot] = at.split(".").map(Number), row = R[nodes[k].op], xs = given(k, v), l = found[`l${at}`];
    const [exception, yes, no] = data.cases[at];
    const holds = !variadic(row) ? row.cases[slot](...xs, v[k])
      : (xs.length === 2 && row.pair || row.cases[0])(xs[slot], xs.length === 2 ? xs[1 - slot] : 0, v[k]);
    const [formula, why] = holds ? yes : no;
    if (l !== null && formula.trim() !== "" && Number.isFinite(Number(formula)) && Number(formula) !== l)
      return ["", ` (${exception})`];
    return [formula === show(l, data.digits) ? "" : ` = ${formula}`, ` (${why})`];
  }

  // ----------------------------------------------------------------------------------- when and what
  const last = data.moments.length;
  const time = {};
  nodes.forEach((node, k) => { time[`v${k}`] = 0; });
  data.moments.forEach(([kind, k], index) => {
    const at = index + 1;
    if (kind === "given") nodes.forEach((node, i) => { if (node.op === "input") time[`v${i}`] = at; });
    if (kind === "forward") time[`v${k}`] = at;
    if (kind === "backward" || kind === "sum") time[`g${k}`] = at;
    if (kind === "backward") nodes[k].args.forEach((i, slot) => {
      time[`l${k}.${slot}`] = time[`p${k}.${slot}`] = at;
      // A variable that feeds several wires has its sum in a step of its own, later.
      if (!nodes[i].args.some(j => nodes[j].live)) time[`g${i}`] = at;
    });
  });
  const isGiven = key => key[0] === "v" && !(nodes[key.slice(1)].args.length && nodes[key.slice(1)].shown);

  const inputs = {}, start = {};
  nodes.forEach((node, k) => { if (node.op === "input") inputs[k] = start[k] = node.value; });
  const revealed = new Set();
  let step = last, blanks = false, told = -1, result = R ? compute(inputs) : null;

  const isLater = key => (time[key] ?? last) > step;
  const isBlank = key => blanks && !isGiven(key) && !revealed.has(key);

  function paint(element, text, later, blank) {
    element.classList.toggle("later", later);
    element.classList.toggle("blank", blank && !later);
    if (element.textContent !== text) element.textContent = text;
    if (blank && !later) {
      element.setAttribute("tabindex", "0");
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", "hidden number, press Enter to show it");
    } else if (element.hasAttribute("role")) {
      element.setAttribute("tabindex", "-1");      // keeps the focus where it was
      element.removeAttribute("role");
      element.removeAttribute("aria-label");
    }
  }

  // A page that cannot compute keeps the texts that Python wrote.
  if (!R) for (const element of all("[data-n]")) element.dataset.w = element.textContent;

  function text(key, absolute) {
    if (!result) return document.querySelector(`[data-n="${key}"]`)?.dataset.w ?? "–";
    const x = result.found[key];
    return show(absolute && x ? Math.abs(x) : x, data.digits);
  }

  function draw() {
    for (const element of all("[data-n]")) {
      const key = element.dataset.n, blank = isBlank(key);
      const shown = blank ? "?" : element.dataset.w ?? text(key, "a" in element.dataset);
      paint(element, shown, isLater(key), blank);
      if (element instanceof SVGElement) fit(element, shown);
    }
    for (const element of all("[data-s]")) {
      const key = element.dataset.s;
      element.classList.toggle("later", isLater(key));
      if (result) element.textContent = !isBlank(key) && text(key)[0] === "-" ? " - " : " + ";
    }
    for (const [name, place] of [["m", 0], ["c", 1]]) for (const element of all(`[data-${name}]`)) {
      const at = element.dataset[name];
      element.classList.toggle("later", isLater(`l${at}`) || isBlank(`l${at}`));
      if (result) element.textContent = result.v ? branch(at, result)[place] : "";
    }
    for (const cell of all("td")) {
      const numbers = [...all("[data-n]", cell)];
      cell.classList.toggle("later", numbers.length > 0 && numbers.every(element => isLater(element.dataset.n)));
    }
    if (result) by("notes").replaceChildren(...[...data.notes, ...(blanks ? [] : result.notes)].map(note => {
      const item = document.createElement("li");
      item.textContent = note;
      return item;
    }));
    for (const element of all("#circuit .node")) {
      const k = Number(element.dataset.k), node = nodes[k], known = key => !isLater(key) && !isBlank(key);
      element.setAttribute("aria-label", (node.what ? `${node.label} = ${node.what}` : node.label) +
        (known(`v${k}`) ? `, value ${text(`v${k}`)}` : "") +
        (node.live && known(`g${k}`) ? `, gradient ${text(`g${k}`)}` : ""));
    }
    document.title = document.title.replace(/ = [^=]*$/, "") +
      (document.title.includes(" = ") && !isBlank(`v${data.output}`) ? ` = ${text(`v${data.output}`)}` : "");
    speak();
  }

  // A number that is longer than its place in the picture becomes narrower.
  const places = new Map();
  function fit(element, shown) {
    if (!places.has(element)) places.set(element, Math.max(data.least, element.textContent.length));
    const room = places.get(element), size = parseFloat(getComputedStyle(element).fontSize);
    if (shown.length > room) {
      element.setAttribute("textLength", (room * size * 0.62).toFixed(1));
      element.setAttribute("lengthAdjust", "spacingAndGlyphs");
    } else element.removeAttribute("textLength");
  }

  function speak() {
    const [kind, k] = data.moments[step - 1] ?? [];
    by("slider").value = step;
    by("count").textContent = `Step ${step} of ${last}`;
    by("slider").setAttribute("aria-valuetext", by("count").textContent);
    by("first").disabled = by("back").disabled = step === 0;
    by("next").disabled = by("last").disabled = step === last;
    for (const element of all(".active")) element.classList.remove("active");
    if (k !== undefined) {
      const side = kind === "sum" ? "from" : "to";
      for (const element of all(`[data-k="${k}"],[data-${side}="${k}"]`)) element.classList.add("active");
      if (told !== step) follow(document.querySelector(`#circuit [data-k="${k}"]`));
    }
    const lines = all("#steps li");
    lines.forEach((line, at) => {
      line.classList.toggle("later", at + 1 > step);
      line.classList.toggle("active", at + 1 === step);
    });
    if (told === step) return;                     // its numbers are filled in place
    told = step;
    if (step === 0) by("now").textContent = "Nothing is computed yet. Next, or the right arrow key, takes the first step.";
    else by("now").replaceChildren(...lines[step - 1].cloneNode(true).childNodes);
  }

  function follow(node) {
    const figure = node?.closest(".figure");
    if (!figure) return;
    const there = node.getBoundingClientRect(), here = figure.getBoundingClientRect();
    if (there.left < here.left + 90 || there.right > here.right - 90)
      figure.scrollLeft += (there.left + there.right - here.left - here.right) / 2;
  }

  function go(to) {
    step = Math.max(0, Math.min(last, to));
    draw();
  }

  // ------------------------------------------------------------------------------------------ people
  function change(field) {
    const k = Number(field.dataset.k), x = read(field.value), good = Number.isFinite(x);
    if (good) inputs[k] = x;
    field.setAttribute("aria-invalid", String(!good));
    const wrong = [...all(".inputs input")].filter(other => other.getAttribute("aria-invalid") === "true");
    result = compute(inputs);
    by("problem").textContent = [
      ...wrong.map(other => `${nodes[other.dataset.k].label}: “${other.value}” is not a number that can be used here; ` +
        `${show(inputs[other.dataset.k], 12)} stays. Numbers look like -2, 0.5, 1e-3 or 1/3.`),
      ...(result.problem ? [`${result.problem}.`] : [])].join(" ");
    draw();
  }

  by("first").addEventListener("click", () => go(0));
  by("back").addEventListener("click", () => go(step - 1));
  by("next").addEventListener("click", () => go(step + 1));
  by("last").addEventListener("click", () => go(last));
  by("slider").addEventListener("input", event => go(Number(event.target.value)));
  by("blanks").addEventListener("change", event => {
    blanks = event.target.checked;
    revealed.clear();
    draw();
  });
  for (const field of all(".inputs input:not([readonly])")) {
    field.addEventListener("input", () => change(field));
    field.addEventListener("keydown", event => {
      const way = { ArrowUp: 1, ArrowDown: -1 }[event.key], x = read(field.value);
      if (!way || !Number.isFinite(x)) return;
      event.preventDefault();
      field.value = String(Number((x + way * (event.shiftKey ? 0.1 : 1)).toPrecision(12)));
      change(field);
    });
  }
  by("reset")?.addEventListener("click", () => {
    Object.assign(inputs, start);
    for (const field of all(".inputs input")) {
      field.value = field.defaultValue;
      field.removeAttribute("aria-invalid");
    }
    by("problem").textContent = "";
    result = compute(inputs);
    draw();
  });

  function reveal(event) {
    const blank = event.target.closest?.("[data-n].blank");
    if (!blank) return false;
    revealed.add(blank.dataset.n);
    draw();
    return true;
  }
  document.addEventListener("click", event => {
    if (reveal(event)) return;
    const line = event.target.closest?.("#steps li");
    if (line) go([...all("#steps li")].indexOf(line) + 1);
  });
  document.addEventListener("keydown", event => {
    if ((event.key === "Enter" || event.key === " ") && reveal(event)) return event.preventDefault();
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches?.("input")) return;
    const to = { ArrowRight: step + 1, ArrowLeft: step - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  });

  // The picture fits the page; where that makes it smaller, a button shows it in full size.
  const figure = by("circuit").closest(".figure"), size = by("size");
  const whole = by("circuit").viewBox.baseVal.width;
  function measure() {
    size.hidden = figure.clientWidth >= whole;
  }
  size.addEventListener("click", () => {
    const full = figure.classList.toggle("full");
    size.textContent = full ? "Fit" : "Full size";
  });
  addEventListener("resize", measure);
  measure();

  function point(event) {
    for (const element of all(".near")) element.classList.remove("near");
    const k = event.target.closest?.("[data-k]")?.dataset.k;
    if (k !== undefined && event.type !== "focusout")
      for (const element of all(`[data-k="${k}"],[data-from="${k}"],[data-to="${k}"]`)) element.classList.add("near");
  }
  for (const type of ["pointerover", "focusin", "focusout"]) document.addEventListener(type, point);

  for (const element of all("#circuit .node")) {
    element.setAttribute("tabindex", "0");
    element.setAttribute("role", "group");
  }
  all(".controls").forEach(element => { element.hidden = false; });
  if (!R) all(".inputs").forEach(element => element.remove());
  document.body.classList.add("playing");
  draw();
})();
