// Differentiates the last value of a tape, forward, as optlib.differentiate does: what the value
// changes by as each input does.

const number = (value, float = false) => ({ number: value, float });
const isNumber = (value, other) => value.number === other;

export function slopes(tape, { register }) {
  const does = (name) => (...values) => tape.record(name, ...values);
  const [add, subtract, multiply, divide, negative, power, sign] =
    ["add", "subtract", "multiply", "divide", "negative", "power", "sign"].map(does);
  const [zero, one, two] = [0, 1, 2].map((value) => number(value));
  const half = (name, a, b) => divide(does(name)(one, sign(subtract(a, b))), two);
  const LEFT = { // of one argument, its slope; of two, that in the first
    negative: () => number(-1),
    square: (a) => multiply(two, a),
    sqrt: (a, _, value) => divide(number(0.5, true), value),
    exp: (a, _, value) => value,
    log: (a) => divide(one, a),
    sin: (a) => does("cos")(a),
    cos: (a) => negative(does("sin")(a)),
    sign: () => zero,
    absolute: (a) => sign(a),
    add: () => one,
    subtract: () => one,
    multiply: (a, b) => b,
    divide: (a, b) => divide(one, b),
    power: (a, b) => multiply(b, isNumber(b, 2) ? a : power(a, subtract(b, one))),
    maximum: (a, b) => half("add", a, b),
    minimum: (a, b) => half("subtract", a, b),
  };
  const RIGHT = { // in the second
    add: () => one,
    subtract: () => number(-1),
    multiply: (a) => a,
    divide: (a, b, value) => divide(negative(value), b),
    power: (a, b, value) => multiply(value, does("log")(a)),
    maximum: (a, b) => half("subtract", a, b),
    minimum: (a, b) => half("add", a, b),
  };
  const times = (outer, inner) => {
    if (isNumber(outer, 0) || isNumber(inner, 1)) return outer;
    if (isNumber(outer, 1)) return inner;
    return isNumber(outer, -1) ? negative(inner) : multiply(outer, inner);
  };
  const count = tape.inputs.length;
  const found = tape.inputs.map((_, i) => tape.inputs.map((__, j) => number(Number(i === j))));
  const code = tape.code.slice(0, register - count + 1);
  const values = tape.inputs.map((_, i) => ({ register: i }));
  code.forEach(([name, a, b], i) => {
    if (name === "constant") {
      values.push(number(a, !tape.places[i].whole));
      found.push(tape.inputs.map(() => zero));
      return;
    }
    const value = { register: count + i };
    values.push(value);
    found.push(tape.inputs.map((_, j) => {
      const known = [values[a], values[b], value];
      const [da, db] = [found[a][j], b === undefined ? zero : found[b][j]];
      const left = isNumber(da, 0) ? zero : times(LEFT[name](...known), da);
      const right = isNumber(db, 0) ? zero : times(RIGHT[name](...known), db);
      if (isNumber(left, 0)) return right;
      return isNumber(right, 0) ? left : add(left, right);
    }));
  });
  return found[register];
}
