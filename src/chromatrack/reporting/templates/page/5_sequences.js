// Sequences x trackers, with the paired difference of two of them as a bar.

class Sequences {
  constructor(root, data, selection, open) {
    Object.assign(this, { root, data, selection, open });
    // The experiment that differs most from the baseline, among those that the answer is about.
    const claims = data.experiments.filter((one) => one.claim).map((one) => selection.index(one.name)).filter((i) => i >= 0);
    const gain = (i) => Math.abs(data.trackers[i].difference?.mean ?? 0);
    const first = claims.length ? claims.reduce((best, i) => (gain(i) > gain(best) ? i : best)) : data.trackers.findIndex((one) => one.kind !== "baseline");
    const baseline = data.trackers.findIndex((one) => one.kind === "baseline");
    this.second = baseline >= 0 ? baseline : 0;
    this.first = first >= 0 && first !== this.second ? first : Math.min(1, data.trackers.length - 1);
    this.order = { key: "difference", direction: "ascending" };
    this.holder = el("div");
    const uneven = data.sequences.each && el("p", { class: "note" }, "Not all trackers have the same seeds: differences are of the seeds that both have, columns of all that each has.");
    root.append(el("div", { class: "tools before", hidden: data.trackers.length < 2 }, this.chooser("first", "Difference of"), this.chooser("second", "to")), this.holder, ...(uneven ? [uneven] : []));
    selection.addEventListener("change", () => this.draw());
    this.draw();
  }

  chooser(side, text) {
    const options = this.data.trackers.map((one, i) => el("option", { value: i, selected: i === this[side] }, shortened(one.name)));
    return el("label", {}, `${text} `, el("select", { "data-side": side, onchange: (event) => this.choose(side, Number(event.target.value)) }, ...options));
  }

  choose(side, index) {
    this[side] = index;
    this.root.querySelector(`[data-side="${side}"]`).value = index;
    this.draw();
    this.onchange?.();
  }

  // Of each target, over the seeds that both trackers have; over all of each where they share none.
  differences() {
    const { names, values, seeds, each } = this.data.sequences, { first, second } = this;
    const common = each ? seeds[first].filter((seed) => seed !== null && seeds[second].includes(seed)) : [];
    const over = (tracker, i) => common.length ? common.reduce((sum, seed) => sum + each[tracker][seeds[tracker].indexOf(seed)][i], 0) / common.length : values[tracker][i];
    return names.map((_, i) => (over(first, i) - over(second, i)) * this.data.measure.scale);
  }

  draw() {
    const { data, selection } = this, { names, frames, values, unit } = data.sequences, { digits, scale } = data.measure;
    const shown = [...new Set([this.first, this.second, ...selection.indices()])];
    const difference = this.differences();
    const largest = Math.max(...difference.map(Math.abs), 1e-9);
    const heads = [unit, "frames", "difference", "", ...shown.map((i) => data.trackers[i].name)];
    const rows = names.map((name, i) => el("tr", { "data-sequence": name, class: name === this.current ? "current" : null },
      el("th", { scope: "row", "data-text": name }, el("button", { class: "link", type: "button", title: name, onclick: () => this.open(name) }, shortened(name))),
      el("td", { class: "number" }, frames[i] === null ? "–" : String(frames[i])),
      el("td", { class: "number", "data-value": difference[i] }, number(difference[i], digits, true)),
      el("td", { "data-value": difference[i], "data-text": "" }, bar(difference[i] / largest)),
      ...shown.map((tracker) => el("td", { class: "number" }, number(values[tracker][i] * scale, digits)))));
    const table = el("table", { "data-table": "Sequences" },
      el("thead", {}, el("tr", {}, ...heads.map((text, i) => el("th", { scope: "col", class: i && i !== 3 ? "number" : null, "aria-label": text || "difference as a bar", "data-skip": !text, "data-text": text, title: text }, shortened(text))))),
      el("tbody", {}, ...rows));
    const wide = el("div", { class: "box wide", tabindex: 0, role: "group", "aria-label": "Sequences" }, table);
    this.holder.replaceChildren(wide);
    const keys = ["name", "frames", "difference", "bar", ...shown];
    makeTable(table, (column, direction) => { this.order = { key: keys[column], direction }; });
    // As it was sorted before, where that column is still shown.
    const column = keys.indexOf(this.order.key);
    sortTable(table, column < 0 ? 2 : column, this.order.direction);
  }

  // The one that is open.
  mark(name) {
    this.current = name;
    for (const row of this.holder.querySelectorAll("tr[data-sequence]")) row.classList.toggle("current", row.dataset.sequence === name);
  }
}

// share: -1 to 1, from the middle.
function bar(share) {
  const width = 50 * Math.abs(share);
  return el("span", { class: "bar", "aria-hidden": "true" }, el("i", { class: share < 0 ? "less" : "", style: `left:${share < 0 ? 50 - width : 50}%;width:${width}%` }));
}
