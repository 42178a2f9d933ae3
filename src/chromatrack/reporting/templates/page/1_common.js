"use strict";
// What all parts of the page use. Text from a run only ever becomes text nodes and attributes.

const SVG = "http://www.w3.org/2000/svg";
// Okabe and Ito: told apart by the colour-blind. Dashes differ, too.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b38f00", "#56b4e9", "#7f5fc7", "#8c564b"];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const DASH_ARRAYS = { solid: "", dash: "7 4", dot: "2 3", dashdot: "7 3 2 3", longdash: "11 4", longdashdot: "11 3 2 3" };

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  fill(node, attributes);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function fill(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
}

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  fill(node, attributes);
  node.append(...children);
  return node;
}

function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function shorts(text) {
  const raw = bytes(text);
  const view = new DataView(raw.buffer);
  return Int16Array.from({ length: raw.length / 2 }, (_, i) => view.getInt16(2 * i, true));
}

function jpeg(text) {
  return `data:image/jpeg;base64,${text}`;
}

function number(value, digits = 3, sign = false) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const text = Math.abs(value).toFixed(digits);
  const minus = value < 0 && Number(text) !== 0;
  return (minus ? "−" : sign ? "+" : "") + text;
}

// Plotly reads a small HTML and has templates: names go through here.
function plain(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\$/g, "&#36;");
}

function shortened(text, length = 40) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function save(name, content, kind) {
  const address = content instanceof Blob ? URL.createObjectURL(content) : URL.createObjectURL(new Blob([content], { type: kind }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

function fileName(text) {
  return text.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_|_$/g, "").slice(0, 60) || "unnamed";
}

function range(count) {
  return Array.from({ length: count }, (_, i) => i);
}
