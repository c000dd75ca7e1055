// Brings the figures of a page to life: each as soon as the page is read beyond it, before anything
// is painted that stands below, with a model that needs no kernel. The lines of a rule become an
// editor when they are opened, which is loaded then.
(() => {
  globalThis.explorables = {}; // here the scripts of the figures put what they define

  class Model {
    isStatic = true;
    listeners = {};
    constructor(values) { this.values = values; }
    get(key) { return this.values[key]; }
    set(key, value) {
      if (this.values[key] === value) return;
      this.values[key] = value;
      for (const listener of this.listeners[`change:${key}`] ?? []) listener();
    }
    on(event, listener) { (this.listeners[event] ??= new Set()).add(listener); }
    off(event, listener) { this.listeners[event]?.delete(listener); }
    save_changes() {}
  }

  const mounted = new Set();
  function mount(el) {
    mounted.add(el);
    const { render } = explorables[el.dataset.explorable];
    render({ model: new Model(JSON.parse(el.querySelector("script").textContent)), el });
  }

  const isRead = (node) => node && (node.nextSibling || isRead(node.parentNode));
  const mountWhatIsRead = () => {
    for (const el of document.querySelectorAll("[data-explorable]")) {
      if (mounted.has(el) || !(isRead(el) || document.readyState !== "loading")) continue;
      try {
        mount(el);
      } catch (error) {
        console.error("live figure:", error); // its picture stays
      }
    }
  };
  const reading = new MutationObserver(mountWhatIsRead);
  reading.observe(document, { childList: true, subtree: true });

  const loads = {};
  const load = (src) => loads[src] ??= new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src, onload: done });
    script.onerror = () => {
      delete loads[src]; // to be tried again
      failed(Error(src));
    };
    document.head.append(script);
  });
  async function edit(lines) {
    const { figure, scripts } = lines.dataset;
    for (const src of scripts.split(" ")) await load(src);
    const { shared, each: { [figure]: { own, ...state } } } = explorables.benches;
    const model = new Model({ ...state, spec: { ...shared, ...own } });
    const el = document.createElement("div");
    lines.querySelector("pre").replaceWith(el);
    explorables.workbench.render({ model, el });
  }
  const opened = ({ target }) => {
    if (!target.matches("details.rule[open]:has(> pre)")) return;
    edit(target).catch((error) => console.error("editor:", error)); // the lines stay
  };
  // A link to the state of an editor opens it.
  const follow = () => {
    const [figure] = location.hash.split("?");
    const asked = [...document.querySelectorAll("details.rule")].find(
      ({ dataset }) => figure === `#rule_of_${dataset.figure}`);
    if (asked) asked.open = true;
  };
  addEventListener("toggle", opened, true);
  addEventListener("hashchange", follow);
  addEventListener("DOMContentLoaded", () => {
    reading.disconnect();
    mountWhatIsRead();
    follow();
  });
})();
