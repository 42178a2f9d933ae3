// Plots by plotly.js. A plot is drawn when it comes into view, and again when the selection changes.

function layoutOf(extra = {}) {
  const ink = css("--ink"), line = css("--line");
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, size: 12, family: "system-ui, sans-serif" },
    margin: { l: 50, r: 12, t: 10, b: 42 }, hovermode: "closest", showlegend: false,
    hoverlabel: { bgcolor: css("--card"), bordercolor: line, font: { color: ink } }, ...extra,
    xaxis: { ...axis, ...extra.xaxis }, yaxis: { ...axis, ...extra.yaxis },
  };
}

const LEGEND = { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 };

class Plot {
  static all = new Set();

  // build(room) -> {data, layout}; room: for a name of the legend, in characters.
  constructor(box, build, onReady = () => {}) {
    this.box = box;
    this.build = build;
    this.onReady = onReady;
    this.drawn = false;
    this.title = box.parentElement.querySelector("h3")?.textContent ?? "plot";
    Plot.all.add(this);
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", this.title);
    const tools = el("div", { class: "tools" }, ...["svg", "png"].map((format) =>
      el("button", { class: "tool", type: "button", "aria-label": `${this.title} as ${format.toUpperCase()}`, onclick: () => this.take(format) }, format.toUpperCase())));
    box.parentElement.append(tools);
  }

  draw() {
    const { data, layout } = this.build(Math.max(16, Math.floor(this.box.clientWidth / 9)));
    Plotly.react(this.box, data, layoutOf(layout), { displayModeBar: false, responsive: true });
    this.box.dataset.traces = data.length;
    if (!this.drawn) { this.drawn = true; this.onReady(this.box); }
  }

  // With other colours, sizes or choices; one that was taken off the page is forgotten.
  static again() {
    for (const plot of Plot.all) {
      if (!plot.box.isConnected) Plot.all.delete(plot);
      else if (plot.drawn) plot.draw();
    }
  }

  // On white, with a title and a legend.
  async take(format) {
    const { data, layout } = inLight(() => {
      const built = this.build(80);
      return { data: built.data, layout: layoutOf(built.layout) };
    });
    const named = data.filter((trace) => trace.showlegend !== false).length;
    const told = lines(this.box.parentElement.querySelector("figcaption")?.textContent ?? "", 130), below = 80 + 15 * told.length;
    const title = [shortened(this.title, 90), shortened(headingOf(this.box), 110)].filter(Boolean).map(plain).join("<br>");
    Object.assign(layout, {
      paper_bgcolor: "#fff", plot_bgcolor: "#fff", showlegend: true, margin: { l: 60, r: 20, t: 65, b: below },
      title: { text: title, font: { size: 15 } }, legend: { bgcolor: "rgba(0,0,0,0)" },
      annotations: [{ text: told.map(plain).join("<br>"), showarrow: false, align: "left", font: { size: 11 }, xref: "paper", x: 0, xanchor: "left", yref: "paper", y: 0, yanchor: "top", yshift: -62 }],
    });
    layout.xaxis.title = { ...layout.xaxis.title, standoff: 8 };
    const height = Math.max(540, 20 * named + 100) + below - 50;
    const address = await Plotly.toImage({ data, layout }, { format, width: 900, height, scale: format === "png" ? 2 : 1 });
    save(`${fileName(this.title, this.box)}.${format}`, asBlob(address));
  }
}

// A text in lines of about so many characters.
function lines(text, length) {
  const found = [];
  for (const word of text.trim().split(/\s+/)) {
    if (found.length && found.at(-1).length + word.length < length) found.push(`${found.pop()} ${word}`);
    else found.push(word);
  }
  return found;
}

function asBlob(address) {
  const [head, body] = [address.slice(0, address.indexOf(",")), address.slice(address.indexOf(",") + 1)];
  const kind = head.slice(5).split(/[;,]/)[0];
  return new Blob([head.includes("base64") ? bytes(body) : decodeURIComponent(body)], { type: kind });
}

function hover(lines) {
  return lines.map(plain).join("<br>");
}

function gainPlot(data, selection) {
  const { digits, scale } = data.measure;
  const kept = selection.keptExperiments();
  const traces = [];
  for (const [place, experiment] of data.experiments.entries()) {
    if (!selection.shown.has(experiment.name)) continue;
    const own = range(data.trackers.length).filter((i) => data.trackers[i].experiment === experiment.name && data.trackers[i].difference && typeof data.trackers[i].alpha === "number");
    const index = selection.index(experiment.name);
    const colour = index >= 0 ? selection.colour(index) : css("--soft"), { dash } = selection.styles[index] ?? { dash: "solid" };
    const group = { legendgroup: `experiment ${place}`, meta: place }, shown = shortened(experiment.name, 24);
    const opacity = kept.size && !kept.has(experiment.name) ? 0.12 : 1;
    const x = own.map((i) => data.trackers[i].alpha), of = (key) => own.map((i) => scaled(data.trackers[i].difference[key], scale));
    const thesis = selection.kinds.has("thesis") ? owned(data.published, experiment.name) ?? [] : [];
    if (thesis.length) {
      traces.push({
        x: thesis.map(([alpha]) => alpha), y: thesis.map(([, gain]) => gain * scale), mode: "lines+markers", name: plain(`thesis, exp ${shown}`),
        line: { color: colour, width: 1, dash: "dot" }, marker: { symbol: "x-thin-open", size: 7, color: colour }, opacity: 0.6 * opacity, ...group, showlegend: false,
        hoverinfo: "text", text: thesis.map(([alpha, gain]) => hover([`thesis, experiment ${shown}`, `α = ${alpha}: ${number(gain * scale, digits, true)}`])),
      });
    }
    if (!own.length) continue;
    const low = of("low"), high = of("high"), mean = of("mean");
    const banded = low.every((value) => value !== null);
    if (banded && own.length > 1) {
      traces.push({ x: [...x, ...x.slice().reverse()], y: [...high, ...low.reverse()], fill: "toself", fillcolor: colour, opacity: 0.13 * opacity, line: { width: 0 }, mode: "lines", hoverinfo: "skip", showlegend: false, ...group });
    }
    traces.push({
      x, y: mean, mode: "lines+markers", name: plain(`exp ${shown}`), opacity, ...group,
      line: { color: colour, dash, width: 2 }, marker: { color: colour, size: own.map((i) => (data.trackers[i].chosen ? 11 : 6)), symbol: own.map((i) => (data.trackers[i].chosen ? "diamond" : "circle")) },
      ...(banded && own.length === 1 ? { error_y: { type: "data", symmetric: false, array: [of("high")[0] - mean[0]], arrayminus: [mean[0] - of("low")[0]], color: colour } } : {}),
      hoverinfo: "text", text: own.map((i) => hover([shortened(data.trackers[i].name), `${number(data.trackers[i].difference.mean * scale, digits, true)} [${number(scaled(data.trackers[i].difference.low, scale), digits, true)}, ${number(scaled(data.trackers[i].difference.high, scale), digits, true)}]`, shortened(experiment.about, 80)])),
    });
  }
  return {
    data: traces,
    layout: {
      showlegend: true, legend: LEGEND, margin: { l: 55, r: 10, t: 30, b: 42 },
      xaxis: { title: { text: "α, weight of the colorization branch" }, range: [-0.04, 1.04] },
      yaxis: { title: { text: plain(`${data.measure.title}, difference to SiamFC`) }, zeroline: true, zerolinewidth: 2, zerolinecolor: css("--soft") },
    },
  };
}

function scaled(value, scale) {
  return value === null || value === undefined ? null : value * scale;
}

function curvePlot(data, selection, curve) {
  const measure = curve.measure, traces = [];
  for (const index of selection.indices()) {
    const tracker = data.trackers[index], colour = selection.colour(index), strength = selection.strength(index);
    const band = curve.bands?.[index];
    if (band && (selection.kept.has(index))) {
      traces.push({ x: [...curve.thresholds, ...curve.thresholds.slice().reverse()], y: [...band[1], ...band[0].slice().reverse()], fill: "toself", fillcolor: colour, opacity: 0.15, line: { width: 0 }, mode: "lines", hoverinfo: "skip", name: plain(`${shortened(tracker.name)}, 95 % interval over targets`), meta: index });
    }
    const value = number(tracker.values[measure], 3);
    traces.push({
      x: curve.thresholds, y: curve.values[index], mode: "lines", name: `${plain(shortened(tracker.name))} [${value}]`, meta: index, opacity: strength,
      line: { color: colour, dash: selection.styles[index].dash, width: selection.kept.has(index) ? 3 : 1.8 },
      hoverinfo: "text", text: curve.thresholds.map((x, i) => hover([`${shortened(tracker.name)} [${value}]`, `${curve.x} ${x}: ${number(curve.values[index][i], 3)}`])),
    });
  }
  return { data: traces, layout: { xaxis: { title: { text: plain(curve.x) } }, yaxis: { title: { text: plain(curve.y) }, range: [0, 1] } } };
}

function attributePlot(data, selection) {
  const { names, meanings, values } = data.attributes;
  const { digits, scale } = data.measure;
  const shown = selection.indices();
  const traces = shown.map((index, place) => {
    const tracker = data.trackers[index];
    return {
      // Beside each other, so that markers of equal values do not hide each other.
      x: names.map((_, i) => i + (place - (shown.length - 1) / 2) * Math.min(0.12, 0.7 / shown.length)), y: values[index].map((value) => scaled(value, scale)),
      mode: "markers", name: plain(shortened(tracker.name)), meta: index, opacity: selection.strength(index),
      marker: { color: selection.colour(index), size: 9, symbol: ["circle", "square", "diamond", "cross", "triangle-up", "star", "x", "hexagon"][place % 8] },
      hoverinfo: "text", text: values[index].map((value, i) => hover([shortened(tracker.name), `${meanings[i]}: ${number(scaled(value, scale), digits)}`])),
    };
  });
  if (selection.kinds.has("thesis")) {
    for (const index of shown) {
      const tracker = data.trackers[index], line = owned(data.attributes.published, tracker.experiment);
      if (!line || !(tracker.chosen)) continue;
      traces.push({ x: names.map((_, i) => i), y: line.map((value) => scaled(value, scale)), mode: "markers", meta: index, opacity: 0.6 * selection.strength(index), name: plain(`thesis, ${tracker.experiment}`),
        marker: { symbol: "line-ew-open", size: 14, color: selection.colour(index) }, hoverinfo: "text", text: line.map((value, i) => hover([`thesis, ${tracker.experiment}`, `${meanings[i]}: ${number(scaled(value, scale), digits)}`])) });
    }
  }
  return { data: traces, layout: { xaxis: { tickvals: range(names.length), ticktext: names.map((name) => plain(shortened(name, 12))), range: [-0.6, names.length - 0.4], showgrid: false, zeroline: false }, yaxis: { title: { text: plain(data.measure.title) } } } };
}

const NAMED = 8;  // curves of which a legend has the names

function learningPlot(data, selection, group, room) {
  const chosen = group.chosen ?? null;
  const strength = (line) => (chosen !== null ? (line.name === chosen ? 1 : 0.12) : line.tracker === null ? 1 : selection.strength(line.tracker));
  const traces = group.lines.map((line, i) => ({
    x: line.x, y: line.y, mode: "lines", name: plain(shortened(line.name, room)), opacity: strength(line),
    meta: line.tracker, line: { color: lineColour(i), width: line.main ? 2 : 1, dash: dashOf(i) },
    hoverinfo: "text", text: line.x.map((x, at) => hover([shortened(line.name), `step ${x}: ${line.y[at]}`])),
  }));
  return { data: traces, layout: { showlegend: traces.length <= NAMED, legend: LEGEND, xaxis: { title: { text: "step" } }, yaxis: { title: { text: "loss" } } } };
}

// Which of many learning curves stands out.
function learningChooser(group, plot) {
  const names = group.lines.map((line) => line.name);
  const chooser = el("select", { onchange: () => { group.chosen = names[chooser.selectedIndex - 1] ?? null; plot.draw(); } }, el("option", {}, "all"), ...names.map((name) => el("option", {}, shortened(name))));
  return el("div", { class: "tools" }, el("label", {}, `one of ${names.length} curves `, chooser));
}

class Centroids {
  constructor(box, entries) {
    this.entries = entries;
    const clips = [...new Set(entries.map((one) => one.clip))];
    const modes = [...new Set(entries.map((one) => one.mode))], counts = [...new Set(entries.map((one) => one.colours))];
    this.choice = { clip: clips[0], mode: "all", colours: counts[counts.length - 1] };
    this.modes = modes;
    const select = (name, values, text) => el("label", {}, `${text} `, el("select", { onchange: (event) => { this.choice[name] = values[event.target.selectedIndex]; this.plot.draw(); } }, ...values.map((value) => el("option", { selected: value === this.choice[name] }, shortened(String(value))))));
    this.plot = new Plot(box, (room) => this.build(room));
    box.parentElement.append(el("div", { class: "tools" }, select("clip", clips, "clip"), select("mode", ["all", ...modes], "equalisation"), select("colours", counts, "k")));
  }

  build(room) {
    const shown = this.entries.filter((one) => one.clip === this.choice.clip && one.colours === this.choice.colours && (this.choice.mode === "all" || one.mode === this.choice.mode));
    const symbols = ["circle", "square", "diamond", "triangle-up", "cross"];
    const traces = shown.map((one) => ({
      x: one.points.map(([a]) => a), y: one.points.map(([, b]) => b), mode: "markers", name: plain(shortened(one.mode, room)),
      marker: { size: 12, symbol: symbols[this.modes.indexOf(one.mode) % symbols.length], color: one.colors, line: { width: 1.5, color: lineColour(this.modes.indexOf(one.mode)) } },
      hoverinfo: "text", text: one.points.map(([a, b], i) => hover([`${one.mode}, centroid ${i + 1}`, `a ${number(a, 1)}, b ${number(b, 1)}`])),
    }));
    return { data: traces, layout: { showlegend: true, legend: LEGEND, xaxis: { title: { text: "a (8-bit levels)" } }, yaxis: { title: { text: "b (8-bit levels)" } } } };
  }
}
