// Play, step and jump over positions 0 to count - 1.

class Player {
  constructor(count, show, { extra = [], label = "Frame" } = {}) {
    Object.assign(this, { count, show, at: 0, timer: null });
    this.play = this.button("Play", () => this.toggle());
    this.slider = el("input", { type: "range", min: 0, max: count - 1, value: 0, "aria-label": label, oninput: () => this.go(Number(this.slider.value)) });
    this.said = el("output", { "aria-live": "off" });
    this.root = el("div", { class: "player" }, this.button("◀", () => this.step(-1), "One frame back"), this.play,
      this.button("▶", () => this.step(1), "One frame on"), this.slider, ...extra, this.said);
  }

  button(text, onclick, label = text) {
    return el("button", { class: "tool", type: "button", "aria-label": label === text ? null : label, onclick }, text);
  }

  go(position) {
    this.at = Math.max(0, Math.min(this.count - 1, position));
    this.slider.value = this.at;
    this.said.textContent = this.show(this.at);
    this.slider.setAttribute("aria-valuetext", this.said.textContent);
  }

  step(by) {
    this.stop();
    this.go(this.at + by);
  }

  toggle() {
    if (this.timer !== null) { this.stop(); return; }
    if (this.at === this.count - 1) this.go(0);
    this.play.textContent = "Pause";
    this.timer = setInterval(() => {
      // What was taken off the page plays no further.
      if (this.at === this.count - 1 || !this.root.isConnected) this.stop();
      else this.go(this.at + 1);
    }, 120);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
  }
}
