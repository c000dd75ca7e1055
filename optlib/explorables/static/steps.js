// What a program of a rule meets in its first two steps, as far as Python would refuse it.

import { OPERATIONS } from "./engine.js";
import { refuse } from "./python.js";

export const WHOLE = new Set(["add", "subtract", "multiply", "negative", "power", "square", "sign",
  "absolute", "maximum", "minimum"]); // make integers of integers
// What numbers of Python do by themselves.
const PYTHONS = new Set(["add", "subtract", "multiply", "divide", "power", "negative"]);

// Two steps, in which x, g and what comes of them are arrays, and other numbers are of Python:
// there 1 / 0 is an error, and what has another name must not change in place.
export function checkSteps({ inputs, code, outputs, places }, first, hyper, checks, at) {
  const array = { kind: "array" };
  const run = (state) => {
    const registers = inputs.map((name) => state[name]
      ?? (name in hyper ? { kind: "float", number: hyper[name] } : array));
    for (const [i, [name, ...operands]] of code.entries()) {
      const place = places[i];
      registers.push(name === "constant"
        ? { kind: place.whole ? "whole" : "float", number: operands[0] }
        : apply(name, operands.map((operand) => registers[operand]), place.at));
    }
    return registers;
  };
  const apply = (name, operands, place) => {
    const kinds = operands.map(({ kind }) => kind);
    if (kinds.includes("array")) return array;
    const [a, b] = operands.map(({ number }) => number);
    const number = OPERATIONS[name](a, b);
    const whole = WHOLE.has(name) && !kinds.includes("float") && !kinds.includes("numpy");
    if (!PYTHONS.has(name) || !kinds.every((kind) => kind === "whole" || kind === "float")) {
      return { kind: whole ? "numpy whole" : "numpy", number };
    }
    const zero = (name === "divide" && b === 0) || (name === "power" && a === 0 && b < 0);
    if (zero) refuse(place, "this divides by zero at one of the first steps");
    if (name === "power" && !Number.isFinite(number)) refuse(place, "this is no number at first");
    return { kind: whole && !(name === "power" && b < 0) ? "whole" : "float", number };
  };
  const ready = (state) => {
    const found = Object.entries(state).map(([name, { kind, number }]) => {
      if (name !== "t") return [name, { kind: kind === "array" ? kind : "numpy", number }];
      const count = (kind === "whole" || kind === "numpy whole") && number >= 0;
      return count ? [name, { kind: "whole", number }] : refuse(at, "t must stay a count of steps");
    });
    return Object.fromEntries(found);
  };
  let state = Object.fromEntries(Object.entries(first).map(
    ([name, number]) => [name, { kind: Number.isInteger(number) ? "whole" : "float", number }]));
  for (const step of [1, 2]) {
    run(state);
    const registers = run(ready(state));
    const kind = (register) => registers[register]?.kind ?? "float";
    for (const { register, at: place, array: inPlace, name } of checks) {
      if (inPlace && kind(register) === "array") {
        refuse(place, `this changes ${name} in place, which has another name; write ${name} = ...`);
      }
      if (!inPlace && ["whole", "float"].includes(kind(register))) {
        refuse(place, "a number of Python has no clip; write np.clip(...)");
      }
    }
    if (step === 1 && kind(outputs.x) !== "array") refuse(at, "x_new must depend on x or g");
    state = Object.fromEntries(Object.keys(first).map((name) => [name, registers[outputs[name]]]));
  }
}
