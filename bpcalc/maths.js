// What the table's rules call, with Python's manners: a result that does not exist is thrown, not passed on.
const M = (() => {
  const sure = y => { if (!Number.isFinite(y)) throw new RangeError("no finite value"); return y; };
  const made = {
    div(a, b) { if (b === 0) throw new RangeError("division by zero"); return a / b; },
    mod(a, b) { return sure(((a % b) + b) % b); },
    abs: Math.abs,
    hypot: Math.hypot,
    largest: xs => xs.reduce((most, x) => x > most ? x : most),
    smallest: xs => xs.reduce((least, x) => x < least ? x : least),
    // The sum with what each addition rounds away carried along (Neumaier).
    add_up(xs) {
      let sum = 0, rest = 0;
      for (const x of xs) {
        const next = sum + x;
        rest += Math.abs(sum) >= Math.abs(x) ? (sum - next) + x : (x - next) + sum;
        sum = next;
      }
      return sure(sum + rest);
    },
    count: xs => xs.length,
    ties: (xs, out) => xs.filter(x => x === out).length,
    // exp(-s x^2) for s a power of two; x is split so that the square of its head is exact.
    gauss(x, s) {
      if (Math.abs(x) > 40) return 0;
      const head = Math.round(x * 1048576) / 1048576;
      return Math.exp(-s * head * head) * (1 + Math.expm1(-s * (x - head) * (x + head)));
    },
    // erf by the series whose terms have one sign (Abramowitz and Stegun 7.1.6), erfc by the
    // continued fraction (7.1.14); each where it is the accurate one.
    erf(x) {
      if (Math.abs(x) > 1) return x > 0 ? 1 - made.erfc(x) : made.erfc(-x) - 1;
      let term = x, sum = x;
      for (let n = 1; n < 40; n++) { term *= 2 * x * x / (2 * n + 1); sum += term; }
      return 2 / Math.sqrt(Math.PI) * made.gauss(x, 1) * sum;
    },
    erfc(x) {
      if (x < 0) return 2 - made.erfc(-x);
      if (x <= 1) return 1 - made.erf(x);
      let tail = x;
      for (let n = 250; n > 0; n--) tail = x + n / 2 / tail;
      return made.gauss(x, 1) / (tail * Math.sqrt(Math.PI));
    },
    // The share of the normal distribution below x.
    normal: x => x < -40 ? 0 : x > 40 ? 1 : made.erfc(-x * Math.SQRT1_2) / 2,
    gelu_slope: x => made.normal(x) + x * made.gauss(x, 0.5) / Math.sqrt(2 * Math.PI),
    // 1 - tanh(x)/x for z = x^2 up to 1, by Lambert's continued fraction.
    tanh_gap: z => z * (11486475 + z * (810810 + z * (12870 + z * 44))) /
      (34459425 + z * (16216200 + z * (945945 + z * (13860 + z * 45)))),
  };
  for (const name of ("exp log sqrt log2 log10 log1p expm1 cbrt tanh sin cos tan asin acos atan atan2 sinh cosh " +
                      "asinh acosh atanh pow").split(" "))
    made[name] = (...xs) => sure(Math[name](...xs));
  return made;
})();
