// Which trackers are shown (filters) and which are kept (clicks on names), for all plots of a run.

class Selection extends EventTarget {
  constructor(trackers, experiments) {
    super();
    this.trackers = trackers;
    this.experiments = experiments;
    this.kept = new Set();
    this.alpha = "chosen";
    this.shown = new Set(experiments.filter((one) => one.claim).map((one) => one.name));
    if (!this.shown.size) experiments.forEach((one) => this.shown.add(one.name));
    this.kinds = new Set(["baseline", "classical", "own", "thesis"]);
    this.styles = trackers.map((one, i) => this.style(one, i));
  }

  // place: of its colour; null: the ink of the page.
  style(tracker, index) {
    if (tracker.kind === "baseline") return { place: null, dash: "solid" };
    const order = this.experiments.findIndex((one) => one.name === tracker.experiment);
    if (order >= 0) return { place: order, dash: dashOf(order) };
    const other = this.trackers.filter((one, i) => i < index && one.kind !== "experiment").length;
    return { place: other + 4, dash: DASHES[(other + 2) % DASHES.length] };
  }

  colour(index) {
    const { place } = this.styles[index];
    return place === null ? css("--ink") : lineColour(place);
  }

  visible(index) {
    const one = this.trackers[index];
    if (one.kind !== "experiment") return this.kinds.has(one.kind);
    if (!this.shown.has(one.experiment)) return false;
    if (this.alpha === "all") return true;
    return this.alpha === "chosen" ? one.chosen : String(one.alpha) === this.alpha;
  }

  indices() {
    return range(this.trackers.length).filter((i) => this.visible(i));
  }

  // 1: drawn; 0.12: dimmed, because others are kept.
  strength(index) {
    return this.anyKept() && !this.kept.has(index) ? 0.12 : 1;
  }

  anyKept() {
    return [...this.kept].some((index) => this.visible(index));
  }

  keptExperiments() {
    return new Set([...this.kept].filter((index) => this.visible(index)).map((index) => this.trackers[index].experiment));
  }

  toggle(index) {
    if (!this.kept.delete(index)) this.kept.add(index);
    this.changed();
  }

  // All of it that is shown.
  toggleExperiment(name) {
    const own = this.indices().filter((index) => this.trackers[index].experiment === name);
    const all = own.every((index) => this.kept.has(index));
    own.forEach((index) => (all ? this.kept.delete(index) : this.kept.add(index)));
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  index(experiment) {
    return this.trackers.findIndex((one) => one.experiment === experiment && one.chosen);
  }
}

// The box of filters, and a button per tracker that is shown.
class Controls {
  // published: whether there are values of the thesis to show.
  constructor(root, selection, published) {
    Object.assign(this, { selection, published });
    this.legend = el("div", { class: "legend", role: "group", "aria-label": "Trackers" });
    root.append(this.filters(), this.legend);
    selection.addEventListener("change", () => this.draw());
    this.draw();
  }

  filters() {
    const { selection } = this;
    const parts = [];
    if (selection.experiments.length) {
      const boxes = selection.experiments.map((one) => this.box(one.name, selection.shown, one.name, one.about));
      parts.push(el("fieldset", {}, el("legend", {}, "Experiments"), ...boxes));
      const alphas = [...new Set(selection.trackers.filter((one) => one.kind === "experiment").map((one) => String(one.alpha)))];
      const choice = el("select", { onchange: (event) => { selection.alpha = event.target.value; selection.changed(); } },
        el("option", { value: "chosen" }, "the chosen one"), el("option", { value: "all" }, "all"),
        ...alphas.sort().map((alpha) => el("option", { value: alpha }, alpha)));
      parts.push(el("label", {}, "α", choice));
    }
    const names = { baseline: "baseline", classical: "classical", own: "others", thesis: "published" };
    const kinds = Object.keys(names).filter((kind) => kind === "thesis" ? this.published : selection.trackers.some((one) => one.kind === kind));
    if (kinds.length) parts.push(el("fieldset", {}, el("legend", {}, "Also"), ...kinds.map((kind) => this.box(kind, selection.kinds, names[kind]))));
    parts.push(el("button", { class: "tool", type: "button", onclick: () => { selection.kept.clear(); selection.changed(); } }, "Keep none"));
    return el("div", { class: "filters" }, ...parts);
  }

  box(key, chosen, text, about = "") {
    const input = el("input", { type: "checkbox", checked: chosen.has(key), "data-filter": key, onchange: () => {
      if (input.checked) chosen.add(key); else chosen.delete(key);
      this.selection.changed();
    } });
    return el("label", { title: about }, input, el("span", {}, shortened(text)));
  }

  draw() {
    const focused = document.activeElement?.dataset?.tracker;
    this.legend.replaceChildren(...this.selection.indices().map((index) => legendButton(this.selection, index)));
    if (focused !== undefined) this.legend.querySelector(`[data-tracker="${focused}"]`)?.focus();
  }
}

function legendButton(selection, index) {
  const tracker = selection.trackers[index];
  return el("button", {
    type: "button", "aria-pressed": String(selection.kept.has(index)), "data-tracker": index, title: tracker.name,
    onclick: () => selection.toggle(index),
  }, swatch(selection, index), el("span", {}, shortened(tracker.name)));
}

function swatch(selection, index) {
  const { place, dash } = selection.styles[index];
  return svg("svg", { width: 30, height: 10, "aria-hidden": "true" }, svg("line", {
    x1: 1, x2: 29, y1: 5, y2: 5, "stroke-width": 2.5, "stroke-dasharray": DASH_ARRAYS[dash],
    style: `stroke: ${place === null ? "var(--ink)" : `var(--line-${place % COLOURS})`}`,
  }));
}
