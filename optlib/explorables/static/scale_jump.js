// RMSProp and AdaGrad when the scale of the gradient jumps up and back: who forgets, and when.

import { landscape, minimize } from "./engine.js";
import { figure } from "./figure.js";
import { GUIDE, Panel } from "./plot.js";


export default figure(({ panels, data, handle }) => {
  const { adagrad, rmsprop, bowl, noise, center, down, quiet } = data;
  const { gradient } = landscape(bowl);
  const steps = noise.length;
  const alpha = rmsprop.hyper.lr;
  const minimum = (t) => center[t % center.length];
  const times = Array.from(noise, (_, i) => i + 1);
  const styles = [adagrad.style, rmsprop.style];
  const names = ["AdaGrad", "RMSProp"];
  const drawn = times.filter((t) => t % 4 === 1); // a pixel is nine steps

  const follow = (rule, hyper, scale) => {
    const pull = ([x], t) => gradient([x - minimum(t)]).map((g) => scale(t) * (g + noise[t - 1]));
    const { x, g } = minimize(rule, pull, [0], steps, hyper);
    const rate = g.map(([slope], t) => (x[t][0] - x[t + 1][0]) / slope);
    return { x: x.map(([place]) => place), rate };
  };

  const across = { min: 0, max: steps, label: "step t" };
  const [low, high] = [1e-5, 1];
  const rates = new Panel(panels, { label: "Effective rates of both rules, step by step", x: across,
    y: { min: low, max: high, log: true, label: "effective rate" } });
  const place = new Panel(panels, { label: "The parameter of both rules, and its minimum",
    x: across, y: { min: -2, max: 2.6, label: "parameter" } });
  const right = rates.line(GUIDE, 2);
  const edges = [rates, place].map((panel) => panel.line(GUIDE, 1.4));
  const lines = styles.map((style) => rates.line(style, 1.6));
  const labels = ["start", "end", "end", "start"].map(
    (anchor) => rates.text({ "text-anchor": anchor }));
  rates.text().draw(60, alpha / 3.2, "α / scale");
  place.line(GUIDE, 2).draw(drawn.map((t) => [t, minimum(t)]));
  const ways = styles.map((style) => place.line(style, 1.6));
  [...styles, GUIDE].forEach((style, i) =>
    place.key(style, [10, 770, 1560][i], 2.3, [...names, "minimum"][i]));
  handle(rates, { key: "up", label: "step of the jump up", along: true,
    at: ({ up }) => [up, 0.3],
    part: ([t]) => ({ up: 10 * Math.round(t / 10) }) });

  const first = (hits) => (hits.includes(true) ? hits.indexOf(true) + 1 : null);
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

  let [known, summed] = [null, null];
  return ({ rho, jump, up }) => {
    const scale = (t) => (t > up && t <= down ? jump : 1);
    if (known !== `${jump} ${up}`) summed = follow(adagrad, {}, scale); // whatever ρ is
    known = `${jump} ${up}`;
    const runs = [summed, follow(rmsprop, { rho }, scale)];
    runs.forEach(({ x, rate }, i) => {
      lines[i].draw(drawn.map((t) => [t, rate[t - 1]]));
      ways[i].draw(drawn.map((t) => [t, x[t]]));
    });
    right.draw([0, up, up + 1, down, down + 1, steps].map((t) => [t, alpha / scale(t)]));
    edges[0].draw([[up, low], [up, high], [NaN, NaN], [down, low], [down, high]]);
    edges[1].draw([[up, -2], [up, 2], [NaN, NaN], [down, -2], [down, 2]]);
    const [ada, rms] = runs.map(({ rate }) => rate);
    labels[0].draw(1700, ada.at(-1) / 2.2, names[0]);
    labels[1].draw(2150, 3.2 * rms[2100], names[1]);
    labels[2].draw(up - 90, 0.27, `× ${jump}`);
    labels[3].draw(down + 70, 0.27, `/ ${jump}`);

    const divisor = rms.slice(...quiet).map((r) => 1 / r);
    const middle = mean(divisor);
    const late = times.slice(down);
    const gaps = runs.map(({ x }) => mean(late.map((t) => Math.abs(x[t - 1] - minimum(t)))));
    return {
      "one window 1/(1 − ρ)": 1 / (1 - rho),
      "steps to adapt, up": first(rms.slice(up, down).map((r) => r < (2 * alpha) / jump)),
      "steps to adapt, down": first(rms.slice(down).map((r) => r > alpha / 2)),
      "jitter of the divisor": Math.sqrt(mean(divisor.map((d) => (d - middle) ** 2))) / middle,
      "AdaGrad's rate fell by a factor of": ada[up - 1] / ada.at(-1),
      "mean error after 1200, RMSProp": gaps[1],
      "mean error after 1200, AdaGrad": gaps[0],
    };
  };
});
