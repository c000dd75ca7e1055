// Brings the figures of a page to life: a model for each, without a kernel, and its module.
(() => {
  const base = new URL(".", document.currentScript.src);
  const loaded = {};
  globalThis.explorables = {};

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

  // A script instead of an import: browsers refuse to import modules from local files.
  const load = (name) => loaded[name] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(`${name}.js`, base);
    script.async = false; // in order: the core that all figures share comes first
    script.onload = () => resolve(explorables[name]);
    script.onerror = () => reject(new Error(`${script.src} did not load`));
    document.head.append(script);
  });

  async function mount(el) {
    const values = JSON.parse(el.querySelector("script").textContent);
    load("core");
    const { render } = await load(el.dataset.explorable);
    render({ model: new Model(values), el });
  }

  addEventListener("DOMContentLoaded", () => {
    for (const el of document.querySelectorAll("[data-explorable]")) {
      mount(el).catch((error) => console.error("live figure:", error)); // its picture stays
    }
  });
})();
