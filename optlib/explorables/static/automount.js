// Brings the figures of a page to life: each as soon as the page is read beyond it, before anything
// is painted that stands below, with a model that needs no kernel.
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
  addEventListener("DOMContentLoaded", () => {
    reading.disconnect();
    mountWhatIsRead();
  });
})();
