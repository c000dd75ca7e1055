// Generalization on data made to separate Adam from SGD: epsilon, batch size, computed points.

import { figure } from "./figure.js";
import { Panel } from "./plot.js";

const RED = [216, 67, 79];

export default figure(({ panels, data, handle }) => {
  const { grid, measured, eps, sizes, styles } = data;
  const rules = ["Adam", "SGD"];
  const distance = (a, b) => Math.abs(Math.log(a / b));
  const nearest = (values, v) => values.reduce((a, b) => (distance(b, v) < distance(a, v) ? b : a));
  const row = (size) => sizes.indexOf(nearest(sizes, size));
  const column = (e) => eps.indexOf(nearest(eps, e));
  const negative = (of) => of[measured.indexOf("score of a new negative")];
  const positive = (of) => of[measured.indexOf("score of a new positive")];

  const axis = { min: eps[0] / 1.5, max: 1.5 * eps.at(-1), log: true, label: "Adam's ε" };
  const map = new Panel(panels, { label: "Map of the trained models, by ε and examples a step",
    x: axis, y: { min: sizes[0] / 1.3, max: 1.3 * sizes.at(-1), log: true, at: sizes,
      label: "examples a step" } });
  map.paint((e, size) => {
    const score = negative(grid.Adam[row(size)][column(e)]);
    if (score < 0) return [36, 104, 238, 25 - 130 * score];
    const stripe = Math.round(0.13 * (map.x.pixel(e) + map.y.pixel(size))) % 2; // seen in gray, too
    return [...RED, 40 + 50 * stripe + 200 * score];
  }, 282);
  const points = sizes.flatMap((size) => eps.map((e) => [e, size]));
  map.dots("#6b7480", 1).draw(points);
  // A name in the middle of where it holds.
  const middle = (values) =>
    Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
  for (const [name, holds] of [["wrong", (score) => score >= 0], ["right", (score) => score < 0]]) {
    const there = points.filter(([e, size]) => holds(negative(grid.Adam[row(size)][column(e)])));
    const at = [0, 1].map((i) => middle(there.map((point) => point[i])));
    if (there.length) map.text({ "text-anchor": "middle" }).draw(...at, name);
  }
  handle(map, { key: "eps", label: "ε and examples a step", color: styles.Adam.color,
    anywhere: true, hops: [13, 36], at: ({ eps: e, size }) => [e, size],
    part: ([e, size]) => ({ eps: nearest(eps, e), size: nearest(sizes, size) }) });

  const scores = new Panel(panels, { label: "Score of a new negative example against ε", x: axis,
    y: { min: -1, max: 0.4, at: [-1, 0], label: "score of a new negative" } });
  scores.text({ "text-anchor": "end" }).draw(axis.max / 1.3, 0.3, "wrong: called positive");
  const lines = rules.map((rule) => scores.line(styles[rule], 1.5));
  const dots = scores.dots(styles.Adam.color, 2.5);
  const now = scores.dots(styles.Adam.color, 5);

  const parts = new Panel(panels, { label: "The two parts of the score of a new negative example",
    x: { min: 0.4, max: 3.6, at: [] },
    y: { min: -1.2, max: 0.8, at: [-1, 0], label: "score of a new negative" } });
  ["label feature", "+ constants", "= score"].forEach((name, i) => {
    parts.text({ "text-anchor": "middle" }).draw(i + 1, -1.35, name);
  });
  const bars = rules.map((rule) => parts.line({ ...styles[rule], dashes: [] }, 26));
  const note = (panel, rule, anchor) => {
    const text = panel.text({ "text-anchor": anchor });
    text.node.style.fill = styles[rule].color;
    return text;
  };
  const names = rules.map((rule) => note(scores, rule, "start"));
  const values = rules.map((rule) => [1, 2, 3].map(() => note(parts, rule, "middle")));
  const place = (group, k) => group + 0.78 + 0.44 * k;
  rules.forEach((rule, k) => note(parts, rule, "middle").draw(place(0, k), 0.04, rule));
  for (const panel of [scores, parts]) {
    panel.paint((_, score) => [...RED, score > 0 ? 40 : 0], 282);
    panel.line({ color: "#777777", dashes: [] }, 1).draw([[panel.x.min, 0], [panel.x.max, 0]]);
  }

  return ({ eps: e, size }) => {
    const adam = grid.Adam[row(size)];
    const found = { Adam: adam[column(e)], SGD: grid.SGD[row(size)] };
    const curves = [adam.map(negative), eps.map(() => negative(found.SGD))];
    curves.forEach((curve, k) => lines[k].draw(curve.map((score, i) => [eps[i], score])));
    dots.draw(curves[0].map((score, i) => [eps[i], score]));
    now.draw([[e, negative(found.Adam)]]);
    const above = curves[0][0] > 0 ? 0.05 : -0.11; // on neither side is it on the zero line
    names[0].draw(eps[0], curves[0][0] + above, `Adam, ${size} a step`);
    names[1].draw(eps[0], curves[1][0] + 0.05, "SGD");
    rules.forEach((rule, k) => {
      const sum = negative(found[rule]);
      const label = (sum - positive(found[rule])) / 2;
      const heights = [label, sum - label, sum];
      const places = heights.map((height, i) => [place(i, k), height]);
      bars[k].draw(places.flatMap(([x, height]) => [[x, 0], [x, height], [NaN, NaN]]));
      places.forEach(([x, height], i) => {
        const text = (height > 0 ? "+" : "−") + Math.abs(height).toFixed(2);
        values[k][i].draw(x, height > 0 ? height + 0.04 : height - 0.12, text);
      });
    });
    const numbers = {};
    for (const name of ["test error", "training error", measured[1], measured[0]]) {
      for (const rule of rules) numbers[`${name}, ${rule}`] = found[rule][measured.indexOf(name)];
    }
    return numbers;
  };
});
