// The program that optlib.trace records of a rule or of a landscape, from the lines themselves.

import { slopes } from "./derivative.js";
import { OPERATIONS } from "./engine.js";
import { BRANCH, parse, refuse } from "./python.js";
import { WHOLE, checkSteps } from "./steps.js";

const SIGNS = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "power" };
const ALIASES = { abs: "absolute", pow: "power", true_divide: "divide" };
const RESERVED = ["self", "state", "np"];

// A list of operations that says nothing twice. A value is { register }, or a number of Python:
// { number, float }. What is done to numbers alone is done at once.
export class Tape {
  constructor(inputs) {
    const given = Object.fromEntries(inputs.map((name, register) => [name, { register }]));
    Object.assign(this, { inputs, given, code: [], seen: new Map(), places: [], at: [1, 1] });
  }
  line(key, line) {
    if (!this.seen.has(key)) {
      this.seen.set(key, this.inputs.length + this.code.push(line) - 1);
      this.places.push({ at: this.at, whole: key.startsWith("whole") });
    }
    return this.seen.get(key);
  }
  register({ register, number, float }) {
    const text = Object.is(number, -0) ? "-0" : number;
    return register ?? this.line(`${float ? "float" : "whole"} ${text}`, ["constant", number]);
  }
  record(name, ...values) {
    if (values.some(({ register }) => register !== undefined)) {
      const registers = values.map((value) => this.register(value));
      return { register: this.line(`${name} ${registers}`, [name, ...registers]) };
    }
    const numbers = values.map(({ number }) => number);
    const float = !WHOLE.has(name) || values.some((value) => value.float)
      || (name === "power" && numbers[1] < 0);
    const number = OPERATIONS[name](...numbers);
    if (!Number.isFinite(number)) refuse(this.at, "this number is not finite");
    if (!float && !Number.isSafeInteger(number)) refuse(this.at, "this number is too large");
    return { number: float ? number : number + 0, float };
  }
  program(outputs) {
    const registers = Object.entries(outputs).map(([name, value]) => [name, this.register(value)]);
    return { inputs: this.inputs, code: this.code, outputs: Object.fromEntries(registers) };
  }
}

// Follows statements; `known` are values of names, `owners` what self and state have.
class Follower {
  constructor(tape, known, owners = {}) {
    Object.assign(this, { tape, known, owners, hints: owners, checks: [] });
  }

  number(node) {
    const value = this.value(node);
    if (value.register === undefined && value.number === undefined) {
      refuse(node.at, "a number is expected here");
    }
    return value;
  }

  value(node) {
    const { type, at } = node;
    if (type === "number") {
      if (!Number.isFinite(node.value)) refuse(at, "this number is not finite");
      return { number: node.value, float: node.float };
    }
    if (type === "flag") return { flag: node.value };
    if (type === "none") return { none: true };
    if (type === "name") return this.known.get(node.name) ?? this.unknown(node);
    if (type === "attribute") return this.attribute(node);
    if (type === "if") {
      const { flag } = this.value(node.test);
      if (flag === undefined) refuse(node.test.at, BRANCH);
      return this.value(flag ? node.yes : node.no);
    }
    if (type === "binary") {
      const both = [this.number(node.left), this.number(node.right)];
      return this.record(SIGNS[node.op], at, ...both);
    }
    if (type === "unary") {
      const value = this.number(node.operand);
      if (node.op === "-") return this.record("negative", at, value);
      return value.register === undefined ? value : refuse(at, "a plus that changes nothing");
    }
    return type === "call" ? this.call(node) : refuse(at, "a number is expected here");
  }

  record(name, at, ...values) {
    this.tape.at = at;
    return this.tape.record(name, ...values);
  }

  unknown({ name, at }) {
    const owner = Object.keys(this.hints).find((key) => name in this.hints[key]);
    refuse(at, `${name} is not known here${owner ? `; write ${owner}.${name}` : ""}`);
  }

  attribute({ base, name, at }) {
    if (base.type === "name" && base.name === "np" && ["pi", "e"].includes(name)) {
      return { number: { pi: Math.PI, e: Math.E }[name], float: true };
    }
    const owner = base.type === "name" && !this.known.has(base.name) && this.owners[base.name];
    if (owner && name in owner) return owner[name];
    if (owner) refuse(at, `${base.name} has no ${name}, but ${Object.keys(owner).join(", ")}`);
    return refuse(at, `.${name} is not a number`);
  }

  call({ func, items, at }) {
    const word = items.find(({ type }) => type === "word");
    if (word) refuse(word.at, "functions are called without names of arguments");
    const ours = func.type === "attribute" && func.base.type === "name" && func.base.name === "np";
    if (!ours && func.type === "attribute" && func.name === "clip") {
      const value = this.number(func.base);
      this.checks.push({ ...value, at, python: true });
      return this.clip(at, value, items);
    }
    if (ours && func.name === "clip" && items.length) {
      const value = this.number(items[0]);
      if (value.register === undefined) refuse(items[0].at, "a number needs no clip");
      if (items.length !== 3) refuse(at, "np.clip takes a number and two bounds");
      return this.clip(at, value, items.slice(1));
    }
    const abs = func.type === "name" && func.name === "abs" && !this.known.has("abs");
    const name = ours ? ALIASES[func.name] ?? func.name : abs && "absolute";
    if (!Object.hasOwn(OPERATIONS, name)) {
      const said = ours ? `np.${func.name}` : func.name ?? "this";
      refuse(at, `${said} is not one of ${Object.keys(OPERATIONS).join(", ")}, clip, of np`);
    }
    const many = OPERATIONS[name].length;
    if (items.length !== many) refuse(at, `${func.name} takes ${["one number", "two"][many - 1]}`);
    return this.record(name, at, ...items.map((item) => this.number(item)));
  }

  clip(at, value, items) {
    if (!items.length || items.length > 2) refuse(at, "clip takes a lower and an upper bound");
    const bounds = items.map((item) => ({ ...this.value(item), item }));
    ["maximum", "minimum"].forEach((name, i) => {
      if (i >= bounds.length || bounds[i].none) return;
      value = this.record(name, at, value, this.number(bounds[i].item));
    });
    return value;
  }

  follow({ kind, names, values, value, at }) {
    if (kind === "return") refuse(at, "return stands in the last line");
    if (kind === "value") return void this.value(value);
    const several = Array.isArray(values);
    const found = several ? values.map((each) => this.value(each)) : this.unpack(values);
    if (found.length !== names.length) refuse(at, `${found.length} values, ${names.length} names`);
    names.forEach(({ type, name, at: place }, i) => {
      if (type !== "name") refuse(place, "a name is expected here");
      if (RESERVED.includes(name)) refuse(place, `${name} cannot be another thing`);
      if (kind === "augment") this.mutate(name, place);
      this.known.set(name, found[i]);
    });
  }

  unpack(node) {
    const owner = node.type === "name" && node.name === "state" && this.owners.state;
    return owner ? Object.values(owner) : refuse(node.at, "several values are expected here");
  }

  // An array that has another name must not be changed in place.
  mutate(name, at) {
    const value = this.known.get(name);
    const others = [...this.known].filter(([key, other]) => key !== name && other === value);
    const shared = others.length || Object.values(this.tape.given).includes(value);
    if (shared) this.checks.push({ ...value, at, array: true, name });
  }
}

// A rule from the lines of its step. hyper: its hyperparameters and their values; flags; types: the
// first state of each type, by its name, and type: which one it is where the lines do not say it.
// If `fresh` is given, only what the lines name counts, and fresh is the value of what is new
// there; reserved: what nothing may be called.
export function traceRule(text, { hyper, flags, types, type, fresh, reserved = [] }) {
  const { statements, ofSelf } = parse(text);
  const hints = { self: hyper };
  const last = statements.pop();
  const [xNew, stateNew, ...more] = last.value?.items ?? [];
  if (last.kind !== "return" || last.value.type !== "tuple" || !stateNew || more.length) {
    refuse(last.at, "the last line is return x_new, State(...)");
  }
  const called = stateNew.type === "call" && stateNew.func.name;
  if (Object.hasOwn(types, called)) type = called;
  const first = types[type];
  if (fresh !== undefined) {
    flags = Object.fromEntries(Object.entries(flags).filter(([name]) => ofSelf.includes(name)));
    const found = ofSelf.filter((name) => !Object.hasOwn(flags, name));
    hyper = Object.fromEntries(found.map((name) => [name, hyper[name] ?? fresh]));
  }
  const inputs = ["x", "g", ...Object.keys(first), ...Object.keys(hyper)];
  const taken = inputs.find((name, i) =>
    inputs.indexOf(name) < i || [...RESERVED, ...reserved].includes(name));
  if (taken) refuse([1, 1], `self.${taken}: the name is taken`);

  const tape = new Tape(inputs);
  const given = (of) => Object.fromEntries(Object.keys(of).map((name) => [name, tape.given[name]]));
  const settled = Object.entries(flags).map(([name, flag]) => [name, { flag }]);
  const owners = { self: { ...given(hyper), ...Object.fromEntries(settled) }, state: given(first) };
  const follower = new Follower(tape, new Map(Object.entries(given({ x: 0, g: 0 }))), owners);
  follower.hints = { ...hints, state: first };
  for (const statement of statements) follower.follow(statement);
  const x = follower.number(xNew);
  const program = tape.program({ x, ...after(follower, stateNew, type, first) });
  checkSteps({ ...program, places: tape.places }, first, hyper, follower.checks, xNew.at);
  return { program, hyper, flags, type, first, tree: { statements, last } };
}

// The entries of the state that a rule returns.
function after(follower, node, type, first) {
  const { state } = follower.owners;
  if (node.type === "name" && node.name === "state") return state;
  const { func, items, at } = node;
  const [whole, kept] = [func?.name === type && func.type === "name",
    func?.type === "attribute" && func.base.name === "state" && func.name === "_replace"];
  if (!(whole && !follower.known.has(type)) && !kept) {
    refuse(at, `state, state._replace(...) or ${type}(...) is expected here`);
  }
  const names = Object.keys(first);
  const found = {};
  items.forEach((item, i) => {
    const name = item.type === "word" ? item.name : !kept && names[i];
    if (!names.includes(name) || name in found) refuse(item.at, `${type} has ${names.join(", ")}`);
    found[name] = follower.number(item.type === "word" ? item.value : item);
  });
  const rest = names.map((name) => [name, kept ? state[name] : { number: 0, float: false }]);
  return { ...Object.fromEntries(rest), ...found };
}

// A landscape and its gradient from the lines of f(x, y), the last of which is its value.
export function traceLandscape(text) {
  const { statements } = parse(text);
  const { kind, value, at } = statements.pop();
  if (kind !== "return" && kind !== "value") refuse(at, "the last line is the value of f(x, y)");
  const tape = new Tape(["x", "y"]);
  const follower = new Follower(tape, new Map(Object.entries(tape.given)));
  for (const statement of statements) follower.follow(statement);
  const f = follower.number(value);
  if (f.register === undefined) refuse(at, "f must depend on x or y");
  const [g0, g1] = slopes(tape, f);
  return tape.program({ f, g0, g1 });
}
