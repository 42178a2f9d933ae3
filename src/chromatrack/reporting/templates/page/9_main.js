// Each run of the page gets its plots, tables and viewers; a part that is not there is left alone.

class Run {
  constructor(root) {
    this.root = root;
    this.data = this.read("main") ?? { trackers: [], experiments: [], learning: [] };
    this.selection = new Selection(this.data.trackers, this.data.experiments);
    this.plots = [];
    this.addPlots();
    const controls = this.part("controls");
    const published = [this.data.published, this.data.attributes?.published].some((one) => Object.keys(one ?? {}).length > 0);
    if (controls) new Controls(controls, this.selection, published);
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
    data.learning.forEach((group, i) => { builders[`learning-${i}`] = (room) => learningPlot(data, selection, group, room); });
    const click = (node) => node.on("plotly_click", (event) => { const { meta } = event.points[0].data; if (typeof meta === "number") selection.toggle(meta); });
    const gain = (node) => node.on("plotly_legendclick", (event) => { selection.toggleExperiment(data.experiments[event.data[event.curveNumber].meta].name); return false; });
    this.root.querySelectorAll(".plot[data-plot]").forEach((box) => {
      const name = box.dataset.plot;
      if (name === "centroids") this.plots.push(new Centroids(box, data.centroids).plot);
      else if (builders[name]) this.plots.push(new Plot(box, builders[name], name === "gain" ? gain : click));
      const group = name.startsWith("learning-") ? data.learning[name.slice("learning-".length)] : null;
      if (group?.lines.length > NAMED) box.after(learningChooser(group, this.plots.at(-1)));
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
    const part = this.part(kind);
    if (!part) return;  // a run without networks has none
    later(part, () => whenParsed(() => {
      const found = this.read(kind) ?? [];
      if (found.length) new Kind(part, found);
    }));
    // Its pictures take a while: too long for paper, if it began with them.
    addEventListener("load", () => setTimeout(() => now(part), 2000));
  }
}

// The large data lie behind the scripts, so that the first plot does not wait for them.
function whenParsed(action) {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", action, { once: true });
  else action();
}

function imageTools(image) {
  const name = image.alt || "picture";
  const take = async () => {
    await image.decode();
    const canvas = el("canvas", { width: image.naturalWidth, height: image.naturalHeight });
    canvas.getContext("2d").drawImage(image, 0, 0);
    canvas.toBlob((content) => save(`${fileName(name, image)}.png`, content), "image/png");
  };
  image.parentElement.append(el("div", { class: "tools" }, el("button", { class: "tool", type: "button", "aria-label": `${name} as PNG`, onclick: take }, "PNG")));
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
