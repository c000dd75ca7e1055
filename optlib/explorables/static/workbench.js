// A rule, and a landscape, as lines that are edited: every keystroke that parses is shown at once.

import { minimize } from "./engine.js";
import { CONTROLS, figure } from "./figure.js";
import { formula } from "./formula.js";
import { mathml } from "./mathml.js";
import { element, set, stroke, svg } from "./plot.js";
import { race } from "./race.js";
import { traceLandscape, traceRule } from "./trace.js";

const PAUSE = 500; // ms without a keystroke after which it is said what is wrong
const BROKEN = "the broken AdaMax";
let count = 0;

// A text to edit: commit(text) when a keystroke makes it legal. What else is typed stays there, and
// below it where it goes wrong and why.
function editor(key, label, rows, read, commit) {
  const fault = element("p", { class: "fault", id: `fault-${++count}`, "aria-live": "polite" });
  const area = element("textarea", { rows, spellcheck: "false", autocapitalize: "off",
    autocomplete: "off", "data-control": key, "aria-describedby": fault.id,
    "data-lm-suppress-shortcuts": "" });
  const node = element("div", {}, element("label", { class: "lines" }, label, area), fault);
  let [shown, pause] = ["", 0];
  const say = (text) => { fault.textContent = text; };
  const settle = () => {
    clearTimeout(pause);
    set(area, { "aria-invalid": "false" });
    say("");
  };
  area.addEventListener("input", () => {
    try {
      read(area.value);
    } catch ({ line, column, why }) {
      set(area, { "aria-invalid": "true" });
      clearTimeout(pause);
      pause = setTimeout(say, PAUSE, `Line ${line}, column ${column}: ${why}. `
        + "The figure still shows the last lines that were right.");
      return;
    }
    settle();
    commit(shown = area.value);
  });
  const update = (text, anyway) => {
    if (text === shown && !anyway) return;
    area.value = shown = text;
    settle();
  };
  return { node, update, say };
}

const legal = (read) => (text) => {
  try { return Boolean(read(text)); } catch { return false; }
};

function workbench(host) {
  const { panels, controls, data, state, change, button } = host;
  const control = Object.fromEntries(controls.map((each) => [each.key, each]));
  const { known, fresh } = control.values;
  const usual = Object.fromEntries(Object.entries(known).map(([name, { value }]) => [name, value]));
  const read = (text, flags = data.flags) => {
    const rule = traceRule(text, { hyper: usual, flags, types: data.types, type: "State",
      fresh: fresh.value, reserved: controls.map(({ key }) => key) });
    return { ...rule, state: rule.first };
  };
  const rules = Object.fromEntries(Object.entries(data.lines).map(
    ([name, text]) => [name, { ...read(text), style: data.styles[name] }]));
  const starts = { ...data.lines, [BROKEN]: data.broken };

  // The points of a rule along given gradients, with given hyperparameters where it has them.
  const trial = (rule, hyper) => minimize(rule, (x, t) => [data.gradients[t - 1]], [1],
    data.gradients.length, { ...hyper, ...data.trial }).x.map(([x]) => x);
  const candidates = [...Object.entries(rules),
    [data.bare, read(data.lines.Adam, { bias_correction: false })],
    ["AdaMax", read(data.adamax)]].map(
    ([name, rule]) => [name, trial(rule, {})]);
  const actsLike = (points) => candidates.find(([, others]) => points.every(
    (x, i) => Math.abs(x - others[i]) <= 1e-12 + 1e-9 * Math.abs(others[i])))?.[0] ?? data.none;

  const from = element("select", { "data-control": "from" },
    element("option", { value: "" }, "your own"));
  for (const name of Object.keys(starts)) from.append(element("option", {}, name));
  from.addEventListener("change", () => {
    change({ code: starts[from.value] ?? state().code });
    if (from.value in rules) change({ beside: from.value });
  });
  const code = editor("code", control.code.label, control.code.rows, read,
    (text) => change({ code: text }));
  const height = editor("height", control.height.label, control.height.rows, traceLandscape,
    (text) => change({ height: text }));
  const key = svg("svg", { viewBox: "0 0 30 8", class: "key", "aria-hidden": "true" });
  const shown = element("div", { class: "shown" });
  const sliders = element("div", { class: "controls" });
  panels.before(element("div", { class: "editor" },
    element("div", {}, element("label", { class: "choice" }, "start from", from), code.node),
    shown, sliders, height.node));
  Object.assign(control.code, { legal: legal(read) });
  Object.assign(control.height, { legal: legal(traceLandscape) });
  panels.parentNode.addEventListener("reset", () => {
    code.update(state().code, true);
    height.update(state().height, true);
  });

  let rule, names;
  button("Copy as Python", async () => {
    const text = python(rule, values(state()), state().code);
    try {
      await navigator.clipboard.writeText(text);
    } catch { // a local file, or no permission
      const area = element("textarea", { class: "unseen" }, text);
      panels.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    code.say("Copied: a class for a cell of a notebook.");
  });

  const values = (now) => ({ ...usual, ...now.values });
  const value = (now, name) => values(now)[name] ?? fresh.value;
  const made = {};
  const slide = (name) => {
    const its = known[name] ?? { ...fresh, label: name };
    made[name] ??= CONTROLS.slider({ ...its, key: `values.${name}` },
      (to) => change({ values: { ...state().values, [name]: to } }));
    sliders.append(...made[name].nodes);
  };
  const adopt = (text) => {
    rule = { ...read(text), style: data.style };
    from.value = Object.keys(starts).find((name) => starts[name] === text) ?? "";
    try {
      shown.replaceChildren(mathml(formula(rule)));
    } catch ({ why }) {
      shown.replaceChildren(`It runs, but has no formula: ${why}.`);
    }
    if (String(names) === String(Object.keys(rule.hyper))) return;
    names = Object.keys(rule.hyper);
    sliders.replaceChildren();
    names.forEach(slide);
  };
  let codeNow, heightNow, besideNow, wholeNow, like;
  rules[data.own] = { style: data.style };
  const landscapes = { ...data.landscapes };
  const update = race({ ...host, data: { ...data, rules, landscapes } });
  return (now) => {
    if (now.code !== codeNow) adopt(codeNow = now.code);
    if (now.height !== heightNow) {
      const program = traceLandscape(heightNow = now.height);
      landscapes[data.ground] = { program, bounds: data.window, start: data.place, minimizers: [] };
    }
    if (now.beside !== besideNow) {
      besideNow = now.beside;
      panels.querySelector("[data-control=beside]").before(key);
      key.replaceChildren(svg("path", { ...stroke(data.styles[besideNow]), d: "M0 4H30" }));
    }
    code.update(now.code);
    height.update(now.height);
    height.node.hidden = now.landscape !== data.ground;
    for (const name of names) made[name].update(value(now, name));
    const hyper = Object.fromEntries(names.map((name) => [name, value(now, name)]));
    rules[data.own] = { ...rule, hyper };
    const numbers = update({ ...values(now), ...hyper, ...now, lr: hyper.lr, meter: data.own,
      rates: { [now.beside]: hyper.lr ?? usual.lr } });
    const whole = now.code + JSON.stringify(hyper);
    if (whole !== wholeNow) like = actsLike(trial(rule, hyper));
    wholeNow = whole;
    return { "acts like": like, ...numbers };
  };
}

// The class of a rule for a cell of a notebook.
function python({ hyper, flags, type }, values, text) {
  const fields = [
    ...Object.keys(hyper).map((name) => `    ${name}: float = ${values[name] ?? hyper[name]}`),
    ...Object.keys(flags).map((name) => `    ${name}: bool = ${flags[name] ? "True" : "False"}`)];
  const lines = text.split("\n").map((line) => (line.trim() ? `        ${line}` : ""));
  return ["from dataclasses import dataclass", "", "import numpy as np",
    `from optlib.optimizers import Optimizer, ${type}`, "", "", "@dataclass(frozen=True, eq=False)",
    "class Yours(Optimizer):", ...fields, "", `    def step(self, x, g, state=${type}()):`,
    ...lines, ""].join("\n");
}

export default figure(workbench);
