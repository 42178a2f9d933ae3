// One sequence: its frames with the boxes drawn over them, overlap per frame, score maps.

const ABSENT = -32768;
const TRUTH = { stroke: "#fff", "stroke-dasharray": "2 3" };

const PARTED = 0.1;

// What the first overlap is above the second at each frame; nothing where one of them does not count.
function apart(first, second) {
  return first.map((value, frame) => (value === null || (second[frame] ?? null) === null ? 0 : value - second[frame]));
}

// The first frame at which overlaps differ by 0.1 or more; -1: none.
function parting(first, second) {
  return apart(first, second).findIndex((difference) => Math.abs(difference) >= PARTED - 1e-9);
}

// The first frame at which the first is ahead of the second by most; -1: it never is.
function ahead(first, second) {
  const differences = apart(first, second), largest = Math.max(0, ...differences);
  return largest > 0 ? differences.indexOf(largest) : -1;
}

class Viewer {
  constructor(root, data, strips, maps, selection, sequences) {
    Object.assign(this, { root, data, strips, maps, selection, sequences, name: null });
    sequences.onchange = () => this.again();
    selection.addEventListener("change", () => this.again());
    root.setAttribute("data-viewer", "");
  }

  // The two that are compared, and those that are kept.
  drawn() {
    return [...new Set([this.sequences.first, this.sequences.second, ...[...this.selection.kept].filter((i) => this.selection.visible(i))])]
      .filter((i) => Object.hasOwn(this.strip.overlaps, this.data.trackers[i].row));
  }

  overlaps(index) {
    const coded = this.strip.overlaps[this.data.trackers[index].row];
    this.decoded ??= new Map();
    if (!this.decoded.has(coded)) this.decoded.set(coded, Array.from(bytes(coded), (value) => (value === 255 ? null : value / 250)));
    return this.decoded.get(coded);
  }

  open(name) {
    this.strip = this.strips?.sequences.find((one) => one.name === name);
    this.name = name;
    this.player?.stop();
    this.sequences.mark(name);
    if (!this.strip) {
      this.root.replaceChildren(el("p", { class: "note" }, "The frames of this sequence were not kept."));
      return;
    }
    this.build();
    this.player.go(0);
    this.root.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    this.root.querySelector("h3").focus({ preventScroll: true });
  }

  again() {
    if (!this.strip) return;
    const at = this.player.at;
    this.player.stop();
    this.build();
    this.player.go(at);
  }

  build() {
    const { strip } = this, shown = this.drawn();
    this.asked = null;
    const bare = strip.pictures.length ? "" : el("p", { class: "note" }, "There are no pictures of this sequence: boxes alone.");
    this.frame = svg("svg", { class: strip.pictures.length ? "frame" : "frame bare", viewBox: `0 0 ${strip.width} ${strip.height}`, role: "img", "aria-label": `Frame of ${shortened(this.name)}` });
    const jumps = [this.jump("Where they part", parting, `first frame at which overlaps differ by ${PARTED} or more`), this.jump("Most ahead", ahead, "frame at which the first is ahead by most"), this.jump("Most behind", (first, second) => ahead(second, first), "frame at which the first is behind by most")];
    this.player = new Player(Math.max(1, strip.frames.length), (position) => this.show(position), { extra: jumps });
    const take = el("div", { class: "tools" }, ...takeButtons(this.root, () => `Frame of ${shortened(this.name)}`, () => this.frame));
    const box = el("div", { class: "plot", style: "height:15rem" });
    const holder = el("figure", {}, el("h3", {}, "Overlap per frame"), box);
    this.curve = new Plot(box, (room) => this.curves(shown, room), (node) => node.on("plotly_click", (event) => this.player.go(this.nearest(event.points[0].x))));
    this.mapHolder = el("div");
    const boxes = [el("span", {}, boxSwatch(TRUTH), " ground truth"),
      ...shown.map((i) => el("span", {}, boxSwatch(this.strokeOf(i)), ` ${shortened(this.data.trackers[i].name)}`))];
    const names = el("p", { class: "note boxes" }, ...boxes), several = shown.filter((i) => this.data.trackers[i].seeds > 1);
    const seeds = several.length ? el("p", { class: "note" }, `Boxes and overlaps are of one seed${(this.strips.seed ?? null) === null ? "" : `, ${this.strips.seed}`}, the table of sequences has means over seeds. ${capital(this.data.measure.title)}: ${several.map((i) => this.meansOf(i)).join("; ")}.`) : "";
    this.root.replaceChildren(el("div", { class: "box viewer" },
      el("h3", { tabindex: -1 }, this.name),
      el("div", { class: "stage" }, el("div", {}, this.frame, bare, names, this.player.root, take, seeds), el("div", {}, holder, this.mapHolder))));
    this.curve.draw();
  }

  // A button that goes to a frame of the two that are compared, if there is such a frame.
  jump(text, where, rule) {
    const pair = [this.sequences.first, this.sequences.second].filter((i) => this.drawn().includes(i)).map((i) => this.overlaps(i));
    const frame = pair.length === 2 ? where(...pair) : -1;
    const go = () => {
      this.player.stop();
      this.asked = { frame: this.strip.frames[this.nearest(frame)], text: `${rule}${this.strip.frames.includes(frame) ? "" : `: at frame ${frame}, without a picture`}` };
      this.player.go(this.nearest(frame));
    };
    return el("button", { class: "tool", type: "button", disabled: frame < 0, title: frame < 0 ? `There is no ${rule}` : `To the ${rule}`, onclick: go }, text);
  }

  // What a sequence gives with the seed that is shown, and with all.
  meansOf(index) {
    const { trackers, sequences, measure } = this.data, place = sequences.names.indexOf(this.name);
    const [own, mean] = [sequences.first[index], sequences.values[index]].map((values) => number(values[place] * measure.scale, measure.digits));
    return `${shortened(trackers[index].name)} ${own} with this seed, ${mean} over ${trackers[index].seeds}`;
  }

  curves(shown, room) {
    const traces = shown.map((index) => {
      const y = this.overlaps(index), name = shortened(this.data.trackers[index].name);
      return { x: range(y.length), y, mode: "lines", name: plain(shortened(name, room)), meta: index, line: { color: this.selection.colour(index), dash: this.selection.styles[index].dash, width: 1.8 },
        hoverinfo: "text", text: y.map((value, i) => hover([name, `frame ${i}: ${number(value, 2)}`])) };
    });
    return { data: traces, layout: { showlegend: true, legend: LEGEND, margin: { l: 45, r: 8, t: 6, b: 36 }, xaxis: { title: { text: "frame" } }, yaxis: { range: [0, 1.02], title: { text: "overlap" } }, shapes: this.cursor(this.strip.frames[this.player.at] ?? 0) } };
  }

  cursor(x) {
    return [{ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: css("--soft"), width: 1.5 } }];
  }

  // Position of the picture that is nearest to a frame.
  nearest(frame) {
    const { frames } = this.strip;
    return frames.reduce((best, one, i) => (Math.abs(one - frame) < Math.abs(frames[best] - frame) ? i : best), 0);
  }

  show(position) {
    const { strip } = this, frame = strip.frames[position] ?? 0;
    const parts = [];
    if (strip.pictures[position]) parts.push(svg("image", { href: jpeg(strip.pictures[position]), width: strip.width, height: strip.height }));
    const draw = (coded, attributes) => {
      const [left, top, width, height] = shorts(coded).slice(4 * position, 4 * position + 4);
      if (left === ABSENT || width === undefined) return;
      const place = { x: left / 4, y: top / 4, width: Math.max(0, width / 4), height: Math.max(0, height / 4), fill: "none", "vector-effect": "non-scaling-stroke" };
      parts.push(svg("rect", { ...place, class: halo(attributes), "stroke-width": 4 }), svg("rect", { ...place, "stroke-width": 2, ...attributes }));
    };
    draw(strip.truth, { ...TRUTH, "data-box": "truth" });
    const told = [];
    for (const index of this.drawn()) {
      const tracker = this.data.trackers[index];
      draw(strip.boxes[tracker.row], { ...this.strokeOf(index), "data-box": tracker.row });
      told.push(`${number(this.overlaps(index)[frame], 2)} of ${shortened(tracker.name)}`);
    }
    this.frame.replaceChildren(...parts);
    this.drawMaps(frame);
    if (this.curve.drawn) Plotly.relayout(this.curve.box, { shapes: this.cursor(frame) });
    const asked = this.asked?.frame === frame ? ` (${this.asked.text})` : "";
    return `frame ${frame} of ${strip.count - 1}${asked}; overlap: ${told.join(", ")}`;
  }

  // How a box is drawn: as the curves of its tracker are.
  strokeOf(index) {
    const { place, dash } = this.selection.styles[index];
    return { style: `stroke: ${place === null ? "var(--ink)" : `var(--line-${place % COLOURS})`}`, "stroke-dasharray": DASH_ARRAYS[dash] };
  }

  map(found, key, title) {
    const canvas = mapCanvas(bytes(found[key]), found.cells);
    return el("div", {}, canvas, el("span", {}, `${title}: ${found.ranges[key].map((value) => number(value, 2)).join(" to ")}`), el("div", { class: "tools" }, ...takeButtons(this.root, () => `Score map ${title}`, () => canvas)));
  }

  // The tracker whose score maps are kept.
  get mapped() {
    const { experiment, alpha } = this.maps;
    return this.data.trackers.find((one) => one.experiment === experiment && one.alpha === alpha) ?? { name: `experiment ${experiment}, α = ${alpha}` };
  }

  compareMapped() {
    const index = this.data.trackers.indexOf(this.mapped);
    if (index < 0 || index === this.sequences.first || index === this.sequences.second) return "";
    return el("button", { class: "tool", type: "button", onclick: () => this.sequences.choose("first", index) }, "Compare this one");
  }

  drawMaps(frame) {
    const found = owned(this.maps?.sequences, this.name)?.find((one) => one.frame === frame);
    if (!found) { this.mapHolder.replaceChildren(); return; }
    const [left, top, width, height] = found.search;
    this.frame.append(svg("rect", { x: left, y: top, width, height, fill: "none", stroke: "#fff", "stroke-opacity": 0.6, "stroke-width": 1, "vector-effect": "non-scaling-stroke", "data-box": "search" }));
    const titles = { siamfc: "SiamFC", auxiliary: "colorization", mixed: `mixed, α = ${this.maps.alpha}` };
    this.mapHolder.replaceChildren(el("h3", {}, "Score maps"), el("div", { class: "maps" }, ...Object.entries(titles).filter(([key]) => found[key]).map(([key, title]) =>
      this.map(found, key, title))),
      el("p", { class: "note" }, `Of ${shortened(this.mapped.name)}, whatever is compared: of the trackers that mix two branches, the one that scores best with the seed that is shown. Over the region in the thin frame; bright: high. `, this.compareMapped()));
  }
}

// What a line has around it, to be seen on any picture.
function halo(stroke) {
  return stroke.stroke === TRUTH.stroke ? "halo dark" : "halo";
}

function boxSwatch(stroke) {
  const place = { x: 3, y: 3, width: 18, height: 10, fill: "none" };
  return svg("svg", { width: 24, height: 16, "aria-hidden": "true" }, svg("rect", { ...place, class: halo(stroke), "stroke-width": 4.5 }), svg("rect", { ...place, "stroke-width": 2, ...stroke }));
}

function mapCanvas(values, [rows, columns]) {
  const canvas = el("canvas", { width: columns, height: rows, role: "img", "aria-label": "Score map" });
  const picture = new ImageData(columns, rows);
  values.forEach((value, i) => picture.data.set([...heat(value / 255), 255], 4 * i));
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}

// Dark blue over green to yellow, rising in lightness (after cividis).
function heat(share) {
  const stops = [[0, 32, 77], [64, 77, 107], [124, 123, 120], [188, 173, 108], [255, 234, 70]];
  const place = Math.max(0, Math.min(1, share)) * (stops.length - 1), low = Math.min(stops.length - 2, Math.floor(place));
  return stops[low].map((value, i) => Math.round(value + (stops[low + 1][i] - value) * (place - low)));
}
