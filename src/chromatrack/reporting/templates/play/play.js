// Boxes of several trackers over the pictures of one video, and their scores below.

const ABSENT = -32768;

function boxOf(coded, frame) {
  const [left, top, width, height] = coded.slice(4 * frame, 4 * frame + 4);
  return left === ABSENT || width === undefined ? null : { x: left / 4, y: top / 4, width: Math.max(0, width / 4), height: Math.max(0, height / 4) };
}

class Played {
  constructor(root, data) {
    Object.assign(this, { data, tracks: data.tracks.map((one) => ({ ...one, boxes: shorts(one.boxes), hidden: false })) });
    this.frame = svg("svg", { class: "frame", viewBox: `0 0 ${data.width} ${data.height}`, role: "img", "aria-label": "Frame" });
    this.player = new Player(data.frames.length, (position) => this.show(position));
    this.scores = this.drawScores();
    const names = this.tracks.map((track, i) => el("label", {},
      el("input", { type: "checkbox", checked: true, onchange: (event) => { track.hidden = !event.target.checked; this.player.go(this.player.at); } }),
      svg("svg", { width: 24, height: 14, "aria-hidden": "true" }, svg("rect", { x: 2, y: 2, width: 20, height: 10, fill: "none", "stroke-width": 3, ...this.stroke(i) })),
      track.name));
    root.append(this.frame, el("div", { class: "track-names" }, ...names), this.player.root, ...(this.scores ? [el("h2", {}, "Score per frame"), this.scores,
      el("p", { class: "note" }, "1: as sure as the tracker has been of this target. Thick: lost. Click to go to a frame.")] : []));
    this.player.go(0);
  }

  stroke(index) {
    return { style: `stroke: var(--line-${index % COLOURS})`, "stroke-dasharray": DASH_ARRAYS[DASHES[Math.floor(index / COLOURS) % DASHES.length]] };
  }

  show(position) {
    const { data } = this, frame = data.frames[position], parts = [svg("image", { href: jpeg(data.pictures[position]), width: data.width, height: data.height })];
    const told = [];
    this.tracks.forEach((track, i) => {
      const place = track.hidden ? null : boxOf(track.boxes, frame);
      if (!place) return;
      const shape = { ...place, fill: "none", "vector-effect": "non-scaling-stroke" }, lost = track.lost[frame];
      const stroke = this.stroke(i);
      parts.push(svg("rect", { ...shape, stroke: "#000", "stroke-opacity": 0.6, "stroke-width": 4 }),
        svg("rect", { ...shape, "stroke-width": 2, ...stroke, "stroke-dasharray": lost ? "4 4" : stroke["stroke-dasharray"], "data-box": track.name }));
      const score = track.scores[frame];
      told.push(`${shortened(track.name)}${score === null ? "" : ` ${number(score, 2)}`}${lost ? " lost" : ""}`);
    });
    this.frame.replaceChildren(...parts);
    if (this.cursor) fill(this.cursor, { x1: frame, x2: frame });
    return `frame ${frame} of ${data.count - 1}${told.length ? `: ${told.join(", ")}` : ""}`;
  }

  drawScores() {
    const { count, frames } = this.data, scored = this.tracks.filter((track) => track.scores.some((value) => value !== null));
    if (!scored.length) return null;
    const highest = Math.max(1.2, ...scored.flatMap((track) => track.scores.reduce((most, value) => Math.max(most, value ?? 0), 0)));
    const drawn = [svg("line", { x1: 0, x2: count, y1: highest - 1, y2: highest - 1, style: "stroke: var(--line)", "vector-effect": "non-scaling-stroke" })];
    this.tracks.forEach((track, i) => {
      const runs = [];
      track.scores.forEach((value, frame) => {
        if (value === null) return;
        const last = runs.at(-1), lost = Boolean(track.lost[frame]), point = `${frame},${highest - value}`;
        if (last && last.lost === lost && last.to === frame - 1) { last.points.push(point); last.to = frame; } else runs.push({ lost, to: frame, points: last && last.to === frame - 1 ? [last.points.at(-1), point] : [point] });
      });
      runs.forEach((run) => drawn.push(svg("polyline", { points: run.points.join(" "), fill: "none", "vector-effect": "non-scaling-stroke", "stroke-width": run.lost ? 4 : 1.5, style: `stroke: var(--line-${i % COLOURS})` })));
    });
    this.cursor = svg("line", { y1: 0, y2: highest, style: "stroke: var(--ink)", "vector-effect": "non-scaling-stroke" });
    const curve = svg("svg", { class: "scores", viewBox: `0 0 ${Math.max(1, count - 1)} ${highest}`, preserveAspectRatio: "none", role: "img", "aria-label": "Score per frame" }, ...drawn, this.cursor);
    curve.addEventListener("click", (event) => {
      const at = (event.offsetX / curve.clientWidth) * (count - 1);
      this.player.stop();
      this.player.go(frames.reduce((best, frame, i) => (Math.abs(frame - at) < Math.abs(frames[best] - at) ? i : best), 0));
    });
    return curve;
  }
}

new Played(document.querySelector("[data-play]"), JSON.parse(document.getElementById("played").textContent));
