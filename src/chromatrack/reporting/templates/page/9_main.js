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
    root.querySelectorAll("table[data-table]").forEach(makeTable);
    this.addSequences();
    this.selection.addEventListener("change", () => this.plots.forEach((plot) => plot.again()));
    later(this.part("masks"), () => { const found = this.read("strips")?.masks ?? []; if (found.length) new Masks(this.part("masks"), found); });
    later(this.part("similarity"), () => { const found = this.read("similarity") ?? []; if (found.length) new Similarity(this.part("similarity"), found); });
  }

  // JSON that lies in the page, read once and when it is wanted.
  read(kind) {
    this.parsed ??= {};
    if (!(kind in this.parsed)) {
      const node = [...this.root.querySelectorAll("script[data-kind]")].find((one) => one.dataset.kind === kind);
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
    const gain = (node) => node.on("plotly_legendclick", (event) => { const { meta } = event.data[event.curveNumber]; if (meta !== undefined) selection.toggleExperiment(meta); return false; });
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
    const sequences = new Sequences(root, this.data, this.selection, (name) => this.viewer().open(name));
    this.viewer = () => (this.opened ??= new Viewer(this.part("viewer"), this.data, this.read("strips"), this.read("maps"), this.selection, sequences));
  }
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
}

const runs = [...document.querySelectorAll("article.run")].map((root) => new Run(root));
addEventListener("beforeprint", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => runs.forEach((run) => run.plots.forEach((plot) => plot.again())));
