// Each run of the page gets its plots, tables and viewers; a part that is not there is left alone.

class Run {
  constructor(root) {
    this.root = root;
    this.data = this.read("main") ?? { trackers: [], experiments: [], learning: [] };
    this.selection = new Selection(this.data.trackers, this.data.experiments);
    this.plots = [];
    this.addPlots();
    const controls = this.part("controls");
    if (controls) new Controls(controls, this.selection);
    root.querySelectorAll("table[data-table]").forEach((table) => makeTable(table));
    root.querySelectorAll("figure > img").forEach(imageTools);
    this.addSequences();
    this.selection.addEventListener("change", Plot.again);
    this.addNetwork("masks", Masks);
    this.addNetwork("similarity", Similarity);
  }

  // JSON that lies in the page, read once and when it is wanted.
  read(kind) {
    this.parsed ??= {};
    if (!(kind in this.parsed)) {
      const node = [...document.querySelectorAll(`script[data-kind="${kind}"]`)].find((one) => one.dataset.run === this.root.dataset.run);
      this.parsed[kind] = node ? JSON.parse(node.textContent) : null;
    }
    return this.parsed[kind];
  }

  part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  addPlots() {
    const { data, selection } = this;
    const builders = { gain: () => gainPlot(data, selection), attributes: () => attributePlot(data, selection) };
    (data.curves ?? []).forEach((curve) => { builders[`curve-${curve.key}`] = () => curvePlot(data, selection, curve); });
    data.learning.forEach((group, i) => { builders[`learning-${i}`] = () => learningPlot(data, selection, group); });
    const click = (node) => node.on("plotly_click", (event) => { const { meta } = event.points[0].data; if (typeof meta === "number") selection.toggle(meta); });
    const gain = (node) => node.on("plotly_legendclick", (event) => { selection.toggleExperiment(data.experiments[event.data[event.curveNumber].meta].name); return false; });
    this.root.querySelectorAll(".plot[data-plot]").forEach((box) => {
      const name = box.dataset.plot;
      if (name === "centroids") this.plots.push(new Centroids(box, data.centroids).plot);
      else if (builders[name]) this.plots.push(new Plot(box, builders[name], name === "gain" ? gain : click));
    });
    this.plots.forEach((plot) => later(plot.box, () => plot.drawn || plot.draw()));
  }

  addSequences() {
    const root = this.part("sequences");
    if (!root || !this.data.sequences) return;
    const sequences = new Sequences(root, this.data, this.selection, (name) => whenParsed(() => this.viewer().open(name)));
    this.viewer = () => (this.opened ??= new Viewer(this.part("viewer"), this.data, this.read("strips"), this.read("maps"), this.selection, sequences));
  }

  addNetwork(kind, Kind) {
    later(this.part(kind), () => whenParsed(() => {
      const found = this.read(kind) ?? [];
      if (found.length) new Kind(this.part(kind), found);
    }));
  }
}

// The large data lie behind the scripts, so that the first plot does not wait for them.
function whenParsed(action) {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", action, { once: true });
  else action();
}

function imageTools(image) {
  const [, kind] = /^data:image\/(\w+)/.exec(image.src);
  const name = image.alt || "picture";
  image.parentElement.append(el("div", { class: "tools" }, el("button", { class: "tool", type: "button", "aria-label": `${name} as ${kind.toUpperCase()}`, onclick: () => save(`${fileName(name)}.${kind}`, asBlob(image.src)) }, kind.toUpperCase())));
}

// When it comes near the screen, or when everything is wanted (printing, tests).
const waiting = new Map();
const watcher = new IntersectionObserver((entries) => entries.filter((one) => one.isIntersecting).forEach((one) => now(one.target)), { rootMargin: "300px" });

function later(node, action) {
  if (!node) return;
  waiting.set(node, action);
  watcher.observe(node);
}

function now(node) {
  const action = waiting.get(node);
  waiting.delete(node);
  watcher.unobserve(node);
  action?.();
}

function drawAll() {
  [...waiting.keys()].forEach(now);
  document.querySelectorAll("img[loading]").forEach((image) => { image.loading = "eager"; });
}

// On paper all is open, drawn, light and as wide as the paper.
const folded = [];
addEventListener("beforeprint", () => {
  document.documentElement.dataset.light = "";
  folded.push(...document.querySelectorAll("details:not([open])"));
  folded.forEach((one) => { one.open = true; });
  drawAll();
  Plot.again();
});
addEventListener("afterprint", () => {
  delete document.documentElement.dataset.light;
  folded.splice(0).forEach((one) => { one.open = false; });
  Plot.again();
});

const runs = [...document.querySelectorAll("article.run")].map((root) => new Run(root));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", Plot.again);
