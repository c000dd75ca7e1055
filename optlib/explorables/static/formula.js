// The formula of a rule in LaTeX, word for word as optlib.formula writes it (optlib/latex.py, where
// what happens here is explained), from the tree of its lines.

import { BRANCH, refuse } from "./python.js";

// From α to ω in Unicode; those after "*" have no letter of their own.
const NAMES = ("alpha beta gamma delta epsilon *zeta eta theta *iota kappa lambda mu nu xi "
  + "*omicron *pi rho sigma sigma tau *upsilon phi *chi psi omega").split(" ");
const GREEK = {};
const LETTERS = { x: "\\theta", lr: "\\alpha", momentum: "\\mu", eps: "\\varepsilon",
  weight_decay: "\\lambda" };
for (const [i, name] of NAMES.entries()) {
  GREEK[String.fromCodePoint(0x3b1 + i)] = name.replace("*", "");
  if (!name.startsWith("*")) LETTERS[name] = `\\${name}`;
}
const MARKS = { hat: (s) => `\\hat{${s}}`, bar: (s) => `\\bar{${s}}`, tilde: (s) => `\\tilde{${s}}`,
  max: (s) => `${s}^{\\max}` };
const CALLS = { sqrt: "\\sqrt{%s}", abs: "\\left|%s\\right|", absolute: "\\left|%s\\right|",
  maximum: "\\max(%s)", minimum: "\\min(%s)" };
const INDEX = /_(?:\{(?:[^{}]|\{[^{}]*\})*\}|.)/gs;
const [SUM, MINUS, PRODUCT, POWER, ATOM] = [0, 1, 2, 3, 4];

const escaped = (name) => name.replaceAll("_", "\\_");
const group = (text) => (text.length === 1 ? text : `{${text}}`);
const leveled = (text) => [text, text.includes(" ") ? SUM : text.includes("^") ? POWER : ATOM];
const bracketed = (text) => (/\\frac|\\begin/.test(text) ? `\\left(${text}\\right)` : `(${text})`);
const mentions = (text, letter) => new RegExp(
  `(?<![a-zA-Z])${letter.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![a-zA-Z])`).test(text);

function letterOf(name, date = "") {
  let [, stem, number, mark] = name.match(/^(.*?)(\d*)(?:_(hat|bar|tilde|max))?$/);
  stem = GREEK[stem] ?? stem;
  const word = stem.length === 1 ? stem : `\\mathrm{${escaped(stem)}}`;
  const letter = (MARKS[mark] ?? String)(LETTERS[stem] ?? word);
  const index = [number || (stem === "weight_decay" ? "\\mathrm{wd}" : ""), date].filter(Boolean);
  return letter + (index.length ? `_${group(index.join())}` : "");
}

// A number as Python prints it, in LaTeX.
function numberOf(value, float) {
  const size = Math.abs(value);
  const long = float && size && (size < 1e-4 || size >= 1e16);
  const whole = float && Number.isInteger(size) ? ".0" : "";
  const [mantissa, exponent] = long ? size.toExponential().split("e") : [size + whole];
  const power = exponent ? `10^{${Number(exponent)}}` : "";
  const text = power && mantissa !== "1" ? `${mantissa} \\cdot ${power}` : power || mantissa;
  const level = value < 0 ? MINUS : text.includes(" ") ? PRODUCT : power ? POWER : ATOM;
  return [(value < 0 ? "-" : "") + text, level];
}

// What a name, or a name plus 1, is called in Python; null for anything else.
function keyOf(node) {
  if (node.type === "name") return node.name;
  if (node.type === "attribute") {
    const base = keyOf(node.base);
    return base && `${base}.${node.name}`;
  }
  const { type, op, left, right } = node;
  const one = type === "binary" && op === "+" && right.type === "number" && right.value === 1;
  return one && !right.float && keyOf(left) ? `${keyOf(left)} + 1` : null;
}

class Statements {
  constructor({ hyper, flags, first, tree: { statements, last } }) {
    Object.assign(this, { flags, first, at: last.at, names: {}, lines: [] });
    this.fields = [...Object.keys(hyper), ...Object.keys(flags)];
    this.known = { x: letterOf("x", "t-1"), g: "g_t", "state.t": "t - 1", "state.t + 1": "t" };
    for (const name of Object.keys(first)) {
      if (name !== "t") this.known[`state.${name}`] = letterOf(name, "t-1");
    }
    this.shared = new Set(["x", "g"]);
    for (const name of ["x", "g", "t", ...Object.keys(first), ...this.fields]) this.letter(name);
    for (const statement of statements) {
      this.at = statement.at;
      for (const [name, text] of this.apart(this.pairs(statement))) this.assign(name, text);
    }
    this.at = last.at;
    this.giveBack(last.value.items);
  }

  letter(name, date) {
    const owner = (this.names[letterOf(name)] ??= name);
    if (owner !== name) refuse(this.at, `${owner} and ${name} have one letter, ${letterOf(name)}`);
    return letterOf(name, date);
  }

  shown(letter) {
    return letter === "g_t" || this.lines.some((line) => line.startsWith(`${letter} &`));
  }

  assign(name, text) {
    if (name === "t") {
      if (text !== "t" && text !== "t - 1") refuse(this.at, "t is the step, and nothing else");
      Object.assign(this.known, { t: text, "t + 1": text === "t" ? "t + 1" : "t" });
    } else if (["t", "t-1", ""].some((date) => text === this.letter(name, date))) {
      this.known[name] = text;
    } else this.show(name, text);
  }

  show(name, text) {
    const letter = this.letter(name, "t");
    this.lines.push(`${letter} &${this.shown(letter) ? "\\leftarrow" : "="} ${text}`);
    this.known[name] = letter;
  }

  giveBack([x, node]) {
    const names = Object.keys(this.first);
    const kept = node.type === "name" || node.func.type === "attribute";
    const nodes = {};
    (node.items ?? []).forEach((item, i) => {
      if (item.type === "word") nodes[item.name] = item.value;
      else nodes[names[i]] = item;
    });
    const state = { type: "name", name: "state" };
    const old = (name) => (kept ? { type: "attribute", base: state, name }
      : { type: "number", value: this.first[name], float: !Number.isInteger(this.first[name]) });
    const pairs = [["x", this.text(x)],
      ...names.map((name) => [name, this.text(nodes[name] ?? old(name))])];
    for (const [name, text] of this.apart(pairs)) {
      const [letter, before] = [this.letter(name, "t"), this.letter(name, "t-1")];
      const others = pairs.filter(([key]) => key !== name).map(([, other]) => other);
      const said = [...this.lines, ...others].join("\n");
      if (name === "t") {
        const counted = text === "t" || !mentions(said.replace(INDEX, ""), "t");
        if (!counted) refuse(this.at, "t becomes t + 1 in the new state");
      } else if (name === "x" || this.shown(letter) || mentions(said, before)) {
        if (text !== letter) this.show(name, text);
      } else if (text !== before && text !== numberOf(this.first[name], false)[0]) {
        this.show(name, text);
      }
    }
  }

  apart(pairs) {
    pairs.forEach(([name, text], i) => {
      const letter = this.letter(name, "t");
      const read = pairs.slice(i + 1).some(([, other]) => mentions(other, letter));
      if (text !== letter && this.shown(letter) && read) {
        refuse(this.at, `this overwrites ${name}, which it still reads`);
      }
    });
    return pairs;
  }

  pairs({ kind, names, values, value, at }) {
    if (kind === "value" && ["number", "flag", "none"].includes(value.type)) return [];
    if (kind === "value") refuse(at, "an assignment is expected here");
    const state = { type: "name", name: "state" };
    const all = Array.isArray(values) ? values
      : Object.keys(this.first).map((name) => ({ type: "attribute", base: state, name }));
    const found = [];
    names.forEach(({ name }, i) => {
      if (name === "_") return;
      if (kind === "augment" && name !== "t" && this.shared.has(name)) {
        refuse(at, `this leaves the other name of ${name} alone; write ${name} = ...`);
      }
      const { type, name: other } = all[i];
      if (type === "name") this.shared.add(other);
      if (type === "name" || type === "attribute") this.shared.add(name);
      else this.shared.delete(name);
      found.push([name, all[i]]);
    });
    return found.map(([name, node]) => [name, this.text(node)]);
  }

  text(node, least = SUM) {
    const [text, level] = this.bare(node);
    return level >= least ? text : bracketed(text);
  }

  bare(node) {
    const { type, op, left, right, at } = node;
    const known = this.known[keyOf(node)];
    if (known) return leveled(known);
    if (type === "number") return numberOf(node.value, node.float);
    if (type === "attribute" && node.base.name === "self" && this.fields.includes(node.name)) {
      return leveled(this.letter(node.name));
    }
    if (type === "unary" && op === "-") return [`-${this.text(node.operand, PRODUCT)}`, MINUS];
    if (left && (op === "+" || op === "-")) {
      return [`${this.text(left)} ${op} ${this.text(right, PRODUCT)}`, SUM];
    }
    if (op === "*") {
      const [one, two] = [this.text(left, MINUS), this.text(right, POWER)];
      const sign = /^\d/.test(two) ? " \\cdot " : "\\,";
      return [one + sign + two, one.startsWith("-") ? MINUS : PRODUCT];
    }
    if (op === "/") return [`\\frac{${this.text(left)}}{${this.text(right)}}`, POWER];
    if (op === "**") return [`${this.text(left, ATOM)}^${group(this.text(right))}`, POWER];
    if (type === "call") return this.called(node);
    if (type === "if") {
      const flag = this.flags[node.test.name];
      if (flag === undefined) refuse(node.test.at, BRANCH);
      return this.bare(flag ? node.yes : node.no);
    }
    return refuse(at, "this has no letter");
  }

  called({ func, items }) {
    const method = func.type === "attribute" && func.base.name !== "np";
    const all = method ? [func.base, ...items] : items;
    if (func.name === "square") {
      const right = { type: "number", value: 2 };
      return this.bare({ type: "binary", op: "**", left: all[0], right });
    }
    const shown = CALLS[func.name] ?? `\\operatorname{${escaped(func.name)}}(%s)`;
    return [shown.replace("%s", () => all.map((item) => this.text(item)).join(", ")), ATOM];
  }
}

// The aligned lines of a rule that `traceRule` has read.
export function formula(rule) {
  const { lines } = new Statements(rule);
  return `\\begin{aligned}\n${lines.join(" \\\\\n")}\n\\end{aligned}`;
}
