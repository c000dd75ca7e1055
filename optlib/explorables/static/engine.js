// Evaluates the programs of optlib, from which comes all that is known of rules and landscapes.

export const OPERATIONS = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  power: (a, b) => (b === 2 ? a * a : a ** b),
  negative: (a) => -a,
  square: (a) => a * a,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  sign: Math.sign,
  absolute: Math.abs,
  maximum: Math.max,
  minimum: Math.min,
};

// The registers of a program, where its inputs are set and its outputs read by index, and its run.
export function evaluator({ inputs, code, outputs }) {
  const registers = new Float64Array(inputs.length + code.length);
  const operations = [];
  code.forEach(([name, a, b], line) => {
    const to = inputs.length + line;
    const operation = OPERATIONS[name];
    if (name === "constant") registers[to] = a;
    else if (b === undefined) operations.push(() => { registers[to] = operation(registers[a]); });
    else operations.push(() => { registers[to] = operation(registers[a], registers[b]); });
  });
  const run = () => { for (let i = 0; i < operations.length; i++) operations[i](); };
  const input = (name) => inputs.indexOf(name);
  return { registers, run, input, output: (name) => outputs[name] };
}

// A landscape as a function of a point: its value, its gradient.
export function landscape({ program }) {
  const { registers, run, output } = evaluator(program);
  const slopes = program.inputs.map((_, i) => output(`g${i}`));
  const at = (x) => { for (let i = 0; i < x.length; i++) registers[i] = x[i]; run(); };
  return {
    value: (x) => { at(x); return registers[output("f")]; },
    gradient: (x) => { at(x); return slopes.map((slope) => registers[slope]); },
  };
}

// Run a rule from a start: gradient(x, t) at the steps t = 1, 2, ... The history is that of
// optlib.minimize: the points x and the states, the start first, and the gradients g.
// stop(x, t) ends the run early.
export function minimize(rule, gradient, start, steps, hyper = {}, stop = () => false) {
  const { registers, run, input, output } = evaluator(rule.program);
  const values = { ...rule.hyper, ...hyper };
  for (const name of Object.keys(rule.hyper)) registers[input(name)] = values[name];
  const names = Object.keys(rule.state);
  const [before, after] = [names.map(input), names.map(output)];
  const [xBefore, gBefore, xAfter] = [input("x"), input("g"), output("x")];
  const first = Object.values(rule.state);
  const history = { x: [Array.from(start)], g: [], state: [start.map(() => first)], names };
  for (let t = 1; t <= steps; t++) {
    const [x, state] = [history.x[t - 1], history.state[t - 1]];
    if (stop(x, t - 1)) break;
    const g = gradient(x, t);
    const [xNew, stateNew] = [[], []];
    for (let i = 0; i < x.length; i++) {
      registers[xBefore] = x[i];
      registers[gBefore] = g[i];
      for (let k = 0; k < before.length; k++) registers[before[k]] = state[i][k];
      run();
      xNew.push(registers[xAfter]);
      stateNew.push(after.map((register) => registers[register]));
    }
    history.x.push(xNew);
    history.g.push(g);
    history.state.push(stateNew);
  }
  return history;
}
