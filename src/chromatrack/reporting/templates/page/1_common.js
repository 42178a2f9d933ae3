"use strict";
// What all parts of the page use. Text from a run only ever becomes text nodes and attributes.

const SVG = "http://www.w3.org/2000/svg";
const COLOURS = 8;  // of page.css: --line-0 to --line-7. Dashes differ, too.
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
  const escaped = { "&": "&amp;", "<": "&lt;", ">": "&gt;", $: "&#36;", "%": "&#37;" };
  return String(text).replace(/[&<>$%]/g, (character) => escaped[character]);
}

function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function shortened(text, length = 40) {
  const characters = [...text];  // half of an emoji is none
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : text;
}

// What a mapping from a run has by a name, whatever the name ("constructor" is one, too).
function owned(mapping, name) {
  return mapping && Object.hasOwn(mapping, name) ? mapping[name] : undefined;
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Of lines of one colour each has another dash, six times.
function dashOf(place) {
  return DASHES[(place + 5 * Math.floor(place / COLOURS)) % DASHES.length];
}

function lineColour(place) {
  return css(`--line-${place % COLOURS}`);
}

// For paper and for files: the light colours, whatever the page has.
function inLight(action) {
  document.documentElement.dataset.light = "";
  try { return action(); } finally { delete document.documentElement.dataset.light; }
}

function save(name, content, kind) {
  const address = content instanceof Blob ? URL.createObjectURL(content) : URL.createObjectURL(new Blob([content], { type: kind }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// Of a part of a run: what it is, and of what data.
function fileName(text, part) {
  const words = (one) => one.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_|_$/g, "").slice(0, 60);
  return [words(text) || "unnamed", words(headingOf(part))].filter(Boolean).join("-");
}

// Which data a part of the page is about.
function headingOf(part) {
  return part.closest("article")?.dataset.heading ?? "";
}

// Buttons that take a picture away as it is shown: a canvas as PNG, a drawing as SVG too.
// name() tells what is shown, where: the part of the page it lies in.
function takeButtons(where, name, picture) {
  const formats = picture() instanceof SVGElement ? ["svg", "png"] : ["png"];
  return formats.map((format) => el("button", { class: "tool", type: "button", "aria-label": `${name()} as ${format.toUpperCase()}`, onclick: () => takePicture(picture(), `${fileName(name(), where)}.${format}`, format) }, format.toUpperCase()));
}

async function takePicture(picture, name, format) {
  const drawing = picture instanceof SVGElement ? drawn(picture) : null;
  if (format === "svg") { save(name, drawing, "image/svg+xml"); return; }
  let canvas = picture;
  if (drawing) {
    const { width, height } = picture.viewBox.baseVal, image = new Image(), times = Math.max(1, Math.round(960 / width));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
    await image.decode();
    canvas = el("canvas", { width: width * times, height: height * times });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  }
  canvas.toBlob((content) => save(name, content));
}

// A drawing by itself: with its colours, which the page's sheet gives it.
function drawn(node) {
  const copy = node.cloneNode(true), { width, height } = node.viewBox.baseVal;
  fill(copy, { xmlns: SVG, width, height });
  const [own, copied] = [node, copy].map((one) => [...one.querySelectorAll("rect")]);
  own.forEach((rect, i) => {
    const { stroke, strokeOpacity } = getComputedStyle(rect);
    copied[i].removeAttribute("style");
    fill(copied[i], { stroke, "stroke-opacity": strokeOpacity });
  });
  return new XMLSerializer().serializeToString(copy);
}

function range(count) {
  return Array.from({ length: count }, (_, i) => i);
}
