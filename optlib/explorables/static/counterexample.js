// The game C, −1, −1 on which Adam walks to the worst point: where it goes, its meter, and why.

import { minimize } from "./engine.js";
import { figure, show } from "./figure.js";
import { GUIDE, Panel } from "./plot.js";

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

export default figure(({ panels, data, handle }) => {
  const { rules, steps, lr, betas } = data;
  const red = rules.Adam.style.color;
  // What a rule reads at each gradient: minus its step over its learning rate.
  const meter = (rule, { C, beta1, beta2 }, length) => {
    const gradient = (_, t) => [t % 3 === 1 ? C : -1];
    const { x } = minimize(rule, gradient, [0], length, { lr: 1, beta1, beta2 });
    return x.slice(1).map(([after], t) => x[t][0] - after);
  };
  const walk = (readings) => readings.reduce((path, reading, i) => {
    const x = path.at(-1) - (lr / Math.sqrt(i + 1)) * reading;
    path.push(Math.min(Math.max(x, -1), 1));
    return path;
  }, [0]);

  const places = new Panel(panels, { label: "Where each rule is, step by step",
    x: { min: 3, max: steps, log: true, at: [3, 10, 30, 100, 300, 900], label: "step t" },
    y: { min: -1.25, max: 1.6, at: [-1, -0.5, 0, 0.5, 1], label: "where it is, θ" } });
  for (const [y, shift, text] of [[1, 0.08, "worst point"], [-1, -0.18, "best point"]]) {
    places.line(GUIDE, 1.4).draw([[3, y], [steps, y]]);
    places.text().draw(3.2, y + shift, text);
  }
  const ways = Object.entries(rules).map(([name, { style }], i) => {
    places.key(style, [3.3, 15, 110][i], 1.42, name);
    return places.line(style);
  });

  const first = steps - 11;
  const bars = new Panel(panels, { label: "Readings of Adam and AMSGrad at the last gradients",
    x: { min: first - 1, max: steps + 1, label: "step t, gradients C, −1, −1 in turn" },
    y: { min: -2, max: 3, label: "reading" } });
  bars.line(GUIDE, 1.4).draw([[0, 0], [steps + 1, 0]]);
  const sticks = ["Adam", "AMSGrad"].map((name) =>
    bars.line({ color: rules[name].style.color, dashes: [] }, 7));
  bars.text().draw(first - 0.5, 2.6, "left bars Adam, right bars AMSGrad");
  const total = bars.text();

  const sums = new Panel(panels, { label: "Sum of Adam's three readings against β₂",
    x: { min: 0, max: 1, label: "β₂" }, y: { min: -1.5, max: 4.5, label: "sum of 3 readings" } });
  sums.line(GUIDE, 1.4).draw([[0, 0], [1, 0]]);
  const curve = sums.line(rules.Adam.style);
  sums.text({ "text-anchor": "end" }).draw(0.97, 4.1, "above 0: to the best point");
  sums.text({ "text-anchor": "end" }).draw(0.97, -1.3, "below 0: to the worst point");
  let drawn;
  let now = 0;
  handle(sums, { key: "beta2", label: "β₂", color: red, along: true,
    at: ({ beta2 }) => [beta2, now],
    part: ([beta2]) => ({ beta2: Math.min(Math.max(beta2, betas[0]), betas.at(-1)) }) });

  return (state) => {
    const readings = Object.values(rules).map((rule) => meter(rule, state, steps));
    const walks = readings.map(walk);
    ways.forEach((line, i) =>
      line.draw(walks[i].map((x, t) => [t, x]).filter(([t]) => t && t % 3 === 0)));
    const last = readings.map((all) => all.slice(-3));
    sticks.forEach((stick, i) => stick.draw(readings[i].slice(-12).flatMap((reading, k) => {
      const x = first + k + (i ? 0.17 : -0.17);
      return [[x, 0], [x, reading], [NaN, NaN]];
    })));
    now = sum(last[0]);
    if (drawn !== `${state.C} ${state.beta1}`) {
      drawn = `${state.C} ${state.beta1}`;
      curve.draw(betas.map((beta2) =>
        [beta2, sum(meter(rules.Adam, { ...state, beta2 }, 120).slice(-3))]));
    }
    total.draw(first - 0.5, 2.2, `sum of Adam's three: ${show(Number(now.toFixed(2)))}`);
    const ends = walks.map((walk) => sum(walk.slice(-90)) / 90);
    const [large, one, two] = last[0];
    return {
      "Adam ends at": ends[0],
      "AMSGrad ends at": ends[1],
      "SGD ends at": ends[2],
      "Adam's reading at C": large,
      "Adam's reading at the first −1": one,
      "Adam's reading at the second −1": two,
      "sum of the three": now,
    };
  };
});
