// Whether the colorization network is right: its masks over frames, and where it points.

class Masks {
  constructor(root, entries) {
    Object.assign(this, { root, entries, entry: entries[0] });
    const methods = Object.keys(this.entry.methods);
    this.method = methods.find((one) => one.includes("pretrained")) ?? methods[0];
    this.holder = el("div");
    const chooser = el("select", { "aria-label": "Sequence of masks", onchange: (event) => { this.entry = entries[event.target.selectedIndex]; this.build(); } }, ...entries.map((one) => el("option", {}, shortened(one.name))));
    root.append(el("h3", {}, "Propagated masks"), el("div", { class: "tools" }, el("label", {}, "sequence ", chooser)), this.holder);
    this.build();
  }

  build() {
    const shown = this.entry, methods = Object.keys(shown.methods);
    const truth = this.method === "" && shown.truth.some(Boolean);
    if (!truth && !methods.includes(this.method)) [this.method] = methods;
    this.canvas = el("canvas", { width: shown.width, height: shown.height, role: "img", "aria-label": "Masks over a frame", style: "width:100%;border-radius:.25rem;display:block" });
    this.player = new Player(shown.frames.length, (position) => this.show(position), { label: "Frame of masks" });
    const box = el("div", { class: "plot", style: "height:15rem" });
    const chooser = el("select", { "aria-label": "Masks of", onchange: (event) => { this.method = event.target.value; this.player.go(this.player.at); this.plot.draw(); } },
      ...methods.map((one) => el("option", { value: one, selected: one === this.method }, shortened(one, 60))), shown.truth.some(Boolean) ? el("option", { value: "", selected: this.method === "" }, "ground truth") : null);
    const figure = el("figure", {}, el("h3", {}, "J and F of each object"), box);
    this.holder.replaceChildren(el("div", { class: "box viewer" }, el("div", { class: "tools" }, el("label", {}, "masks of ", chooser)),
      el("div", { class: "stage" }, el("div", {}, this.canvas, this.player.root, el("div", { class: "tools" }, ...takeButtons(this.root, () => "Masks", () => this.canvas))), figure)));
    this.plot = new Plot(box, () => this.curves());
    this.plot.draw();
    this.player.go(0);
  }

  curves() {
    const shown = this.entry, method = owned(shown.methods, this.method);
    const traces = method ? shown.objects.flatMap((object, i) => ["J", "F"].map((key) => ({
      x: range(shown.count), y: method[key][object], mode: "lines", name: plain(`${key}, object ${object}`), line: { color: lineColour(i), dash: key === "J" ? "solid" : "dot" },
      hoverinfo: "text", text: (method[key][object] ?? []).map((value, frame) => hover([`${key}, object ${object}`, `frame ${frame}: ${number(value, 2)}`])),
    }))) : [];
    return { data: traces, layout: { showlegend: true, legend: LEGEND, margin: { l: 45, r: 8, t: 6, b: 36 }, xaxis: { title: { text: "frame" } }, yaxis: { range: [0, 1.02] } } };
  }

  show(position) {
    const { canvas } = this, shown = this.entry, method = owned(shown.methods, this.method);
    const masks = method ? method.masks : shown.truth;
    const wanted = this.wanted = {};
    Promise.all([picture(jpeg(shown.pictures[position])), masks[position] ? picture(`data:image/png;base64,${masks[position]}`) : null]).then(([frame, mask]) => {
      if (this.wanted !== wanted) return;  // another frame was asked for meanwhile
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.imageSmoothingEnabled = false;
      if (mask) {
        context.clearRect(0, 0, canvas.width, canvas.height);
        context.drawImage(mask, 0, 0, canvas.width, canvas.height);
        const own = context.getImageData(0, 0, canvas.width, canvas.height);
        context.drawImage(frame, 0, 0, canvas.width, canvas.height);
        const under = context.getImageData(0, 0, canvas.width, canvas.height);
        for (let i = 0; i < own.data.length; i += 4) {
          if (own.data[i] || own.data[i + 1] || own.data[i + 2]) for (let c = 0; c < 3; c += 1) under.data[i + c] = 0.45 * under.data[i + c] + 0.55 * own.data[i + c];
        }
        context.putImageData(under, 0, 0);
      } else context.drawImage(frame, 0, 0, canvas.width, canvas.height);
      canvas.dataset.shown = `${this.method}:${position}`;
    });
    const frame = shown.frames[position];
    const told = method ? shown.objects.map((object) => `object ${object} J ${number(method.J[object]?.[frame], 2)}, F ${number(method.F[object]?.[frame], 2)}`) : [];
    return `frame ${frame} of ${shown.count - 1}${told.length ? "; " : ""}${told.join("; ")}`;
  }
}

function picture(address) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = address;
  });
}

// Similarity of a chosen cell of the target to all cells of the reference frame.
class Similarity {
  constructor(root, entries) {
    this.root = root;
    this.holder = el("div");
    const chooser = el("select", { "aria-label": "Network", onchange: (event) => this.open(entries[event.target.selectedIndex]) }, ...entries.map((one) => el("option", {}, shortened(one.title, 60))));
    root.append(el("h3", {}, "Where the network points"), el("div", { class: "tools" }, el("label", {}, "network ", chooser)),
      el("p", { class: "note" }, "Choose a cell of the target frame, by a click or with the arrow keys: the reference frame shows which cells its colour is copied from (softmax of the inner products)."), this.holder);
    this.open(entries[0]);
  }

  open(entry) {
    this.entry = entry;
    const [rows, columns] = entry.target.cells;
    this.cell = [Math.floor(rows / 2), Math.floor(columns / 2)];
    this.own = decode(entry.target, entry);
    this.reference = decode(entry.reference, entry);
    const canvas = (name, attributes = {}) => el("canvas", { width: 320, height: Math.round((320 * rows) / columns), role: "img", "aria-label": name, ...attributes });
    this.target = canvas("Target frame: arrow keys choose a cell", { tabindex: 0, role: "application", onclick: (event) => this.click(event), onkeydown: (event) => this.key(event) });
    this.shown = canvas("Reference frame, with the similarity of its cells");
    this.said = el("output", { class: "note" });
    const taken = (name, canvas) => el("div", {}, canvas, name, el("div", { class: "tools" }, ...takeButtons(this.root, () => `Similarity, ${name}`, () => canvas)));
    this.holder.replaceChildren(el("div", { class: "cells" }, taken("target", this.target), taken("reference", this.shown)), this.said);
    this.pictures = null;
    Promise.all([picture(jpeg(entry.target.picture)), picture(jpeg(entry.reference.picture))]).then((pictures) => {
      if (this.entry !== entry) return;  // another network was asked for meanwhile
      this.pictures = pictures;
      this.draw();
    });
  }

  click(event) {
    const box = this.target.getBoundingClientRect(), [rows, columns] = this.entry.target.cells;
    this.choose(Math.floor(((event.clientY - box.top) / box.height) * rows), Math.floor(((event.clientX - box.left) / box.width) * columns));
  }

  key(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    this.choose(this.cell[0] + step[0], this.cell[1] + step[1]);
  }

  choose(row, column) {
    const [rows, columns] = this.entry.target.cells;
    this.cell = [Math.max(0, Math.min(rows - 1, row)), Math.max(0, Math.min(columns - 1, column))];
    this.draw();
  }

  draw() {
    if (!this.pictures) return;
    const { entry, cell } = this, [rows, columns] = entry.target.cells, [high, wide] = entry.reference.cells;
    const weights = similarity(this.own, cell[0] * columns + cell[1], this.reference, entry.dims, entry.temperature);
    const best = weights.indexOf(Math.max(...weights));
    this.paint(this.target, this.pictures[0], rows, columns, null, cell);
    this.paint(this.shown, this.pictures[1], high, wide, weights, [Math.floor(best / wide), best % wide]);
    this.shown.dataset.best = best;
    this.said.textContent = `Cell ${cell[1]}, ${cell[0]} (from left, from top) is copied most from cell ${best % wide}, ${Math.floor(best / wide)}: ${number(100 * weights[best], 1)} % of its weight.`;
  }

  paint(canvas, image, rows, columns, weights, marked) {
    const context = canvas.getContext("2d"), width = canvas.width / columns, height = canvas.height / rows;
    context.globalAlpha = 1;
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    if (weights) {
      const most = Math.max(...weights);
      weights.forEach((weight, i) => {
        context.globalAlpha = 0.75;
        context.fillStyle = `rgb(${heat(weight / most).join(",")})`;
        context.fillRect((i % columns) * width, Math.floor(i / columns) * height, width + 0.5, height + 0.5);
      });
    }
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.strokeStyle = "#e4007c";
    context.strokeRect(marked[1] * width, marked[0] * height, width, height);
  }
}

function decode(frame, entry) {
  return Float32Array.from(new Int8Array(bytes(frame.embeddings).buffer), (value) => value * entry.scale);
}

function similarity(own, cell, reference, dims, temperature) {
  const count = reference.length / dims, products = range(count).map((i) => {
    let sum = 0;
    for (let d = 0; d < dims; d += 1) sum += own[cell * dims + d] * reference[i * dims + d];
    return sum / temperature;
  });
  const most = Math.max(...products), weights = products.map((value) => Math.exp(value - most));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return weights.map((value) => value / total);
}
