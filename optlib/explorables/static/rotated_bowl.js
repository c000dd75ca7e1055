// AdaGrad on a bowl that turns: a rate for each coordinate pays along the coordinates only.

import { landscape, minimize } from "./engine.js";
import { figure } from "./figure.js";
import { GUIDE, Panel, set } from "./plot.js";

const ANGLES = [0, 1, 2, 3, 5, 8, 12, 17, 23, 30, 45];

export default figure(({ panels, data, handle }) => {
  const { adagrad, sgd, bowl, start, tolerance, most } = data;
  const upright = landscape(bowl);
  const [green, gray] = [adagrad.style, sgd.style];

  // The bowl turned by an angle: its programs see points turned back, their gradients turn along.
  const turned = (angle) => {
    const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
    const along = ([u, v]) => [cos * u - sin * v, sin * u + cos * v];
    const back = ([x, y]) => [cos * x + sin * y, cos * y - sin * x];
    const value = (x) => upright.value(back(x));
    const gradient = (x) => along(upright.gradient(back(x)));
    const run = (rule, hyper) => minimize(rule, gradient, along(start), most, hyper,
      (x) => value(x) < tolerance);
    return { along, value, run };
  };
  const arrival = ({ x }) => x.length - 1;

  const plane = new Panel(panels, { label: "The bowl from above, and the paths of both rules",
    x: { min: -5, max: 7.7, label: "θ₁" }, y: { min: -4, max: 6, label: "θ₂" } });
  const axis = plane.line(GUIDE, 1.4);
  const paths = [gray, green].map((style) => [plane.line(style), plane.dots(style.color)]);
  plane.key(gray, -4.7, -2.9, "SGD");
  plane.key(green, -4.7, -3.6, "AdaGrad");
  handle(plane, { key: "angle", label: "angle of the bowl, in degrees", along: true,
    at: ({ angle }) => turned(angle).along([5, 0]),
    part: ([x, y]) => {
      const angle = (Math.atan2(y, x) * 180) / Math.PI;
      return { angle: Math.round(2 * angle) / 2 };
    } });

  const area = new Panel(panels, { label: "AdaGrad's square of each coordinate",
    x: { min: -22, max: 32, label: "" }, y: { min: -4.5, max: 38, label: "" } });
  area.grid.replaceChildren();
  area.text().draw(-22, 36, "A layer a step, its area g². Rate: α / side");
  const squares = ["end", "start"].map((anchor) => ({
    layers: ["nonzero", "evenodd"].map((rule) => {
      const { path } = area.line(green);
      set(path, { fill: green.color, stroke: "none", "fill-rule": rule, "fill-opacity": 0.35 });
      return path;
    }),
    size: area.text({ "text-anchor": anchor }),
  }));

  const counts = new Panel(panels, { label: "Steps to the tolerance against the angle",
    x: { min: -1.5, max: 46.5, label: "angle in degrees" },
    y: { min: 1, max: 2000, log: true, label: "steps to f < 1e-6" } });
  const curve = counts.line(green);
  const level = counts.line(gray);
  const here = [gray, green].map(({ color }) => counts.dots(color, 4.5));
  const names = [gray, green].map(() => counts.text({ "text-anchor": "end" }));

  let [painted, drawn, known] = [null, null, []];
  return ({ angle, lr }) => {
    const { along, value, run } = turned(angle);
    if (painted !== angle) plane.bands(value, 10, 85);
    painted = angle;
    axis.draw([along([-20, 0]), along([20, 0])]);
    const [fixed, own] = [run(sgd), run(adagrad, { lr })];
    [fixed, own].forEach(({ x }, i) => paths[i].forEach((mark) => mark.draw(x)));

    const v = own.names.indexOf("v");
    const sides = start.map((_, i) => own.state.map((state) => Math.sqrt(state[i][v])));
    const last = sides.map((side) => side.at(-1));
    squares.forEach(({ layers, size }, i) => {
      const sign = 2 * i - 1;
      const box = (side) => area.outline([[sign, 0], [sign * (1 + side), 0],
        [sign * (1 + side), side], [sign, side]]);
      const visible = sides[i].filter((side, t) => side - (sides[i][t - 1] ?? 0) > 0.02);
      if (visible.length % 2) visible.push(last[i]); // the innermost keeps its shade
      layers[0].setAttribute("d", box(last[i]));
      layers[1].setAttribute("d", visible.map(box).join(""));
      size.draw(sign, -2.8, `θ${"₁₂"[i]}: side ${last[i].toFixed(1)}`);
    });

    const count = (each) => arrival(turned(each).run(adagrad, { lr }));
    if (drawn !== lr) known = ANGLES.map((each) => [each, count(each)]);
    drawn = lr;
    const steps = [arrival(fixed), arrival(own)];
    curve.draw([...known, [angle, steps[1]]].sort(([a], [b]) => a - b));
    level.draw([[0, steps[0]], [45, steps[0]]]);
    here.forEach((mark, i) => mark.draw([[angle, steps[i]]]));
    names[0].draw(44, steps[0] / 1.6, "SGD");
    names[1].draw(44, 1.35 * known.at(-1)[1], "AdaGrad");
    return {
      "steps of AdaGrad": steps[1],
      "steps of SGD": steps[0],
      "AdaGrad / SGD": steps[1] / steps[0],
      "side of θ₁'s square": last[0],
      "side of θ₂'s square": last[1],
      "larger side / smaller side": Math.max(...last) / Math.min(...last),
    };
  };
});
