// Tables: sorted by a click on a head, long ones filtered, taken away as CSV and LaTeX.

const LONG = 25;  // rows from which on a table has a filter and scrolls by itself

// sorted(column, direction) hears of what the reader asks for.
function makeTable(table, sorted = () => {}) {
  const name = table.dataset.table;
  const wide = table.closest(".wide");
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    const text = head.textContent;
    if (!text) continue;
    head.setAttribute("aria-sort", "none");
    head.replaceChildren(el("button", { type: "button", onclick: () => sorted(column, sortTable(table, column)) }, text));
  }
  // What is cut is told by the mouse; it is whole in CSV and LaTeX.
  for (const cell of table.querySelectorAll("tbody th, td")) if (cell.textContent.length > 40 && !cell.firstElementChild) cell.title = cell.textContent;
  const hint = el("span", { hidden: true }, "More columns to the right.");
  wide.after(el("div", { class: "tools" }, hint,
    el("button", { class: "tool", type: "button", "aria-label": `${name} as CSV`, onclick: () => save(`${fileName(name, table)}.csv`, "\ufeff" + tableCsv(table), "text/csv") }, "CSV"),
    el("button", { class: "tool", type: "button", "aria-label": `${name} as LaTeX`, onclick: () => save(`${fileName(name, table)}.tex`, tableLatex(table), "text/x-tex") }, "LaTeX")));
  const watch = () => {
    const more = wide.scrollWidth - wide.clientWidth - wide.scrollLeft > 4;
    wide.classList.toggle("more", more);
    hint.hidden = !more;
  };
  if (table.tBodies[0].rows.length > LONG) {
    wide.classList.add("tall");
    wide.before(el("div", { class: "tools before" }, rowFilter(table, name)));
  }
  wide.addEventListener("scroll", watch, { passive: true });
  new ResizeObserver(watch).observe(wide);
}

const FILTERS = new Map();  // what was asked for, by run and table: some tables are made anew

// Rows that hold each of the words are shown.
function rowFilter(table, name) {
  const rows = [...table.tBodies[0].rows], said = el("output", {}), key = `${table.closest("article")?.id}/${name}`;
  const filter = () => {
    FILTERS.set(key, input.value);
    const words = searched(input.value).split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !words.every((word) => searched(row.textContent).includes(word));
    said.textContent = words.length ? `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows` : "";
  };
  const input = el("input", { type: "search", "aria-label": `Rows of ${name} that hold`, value: FILTERS.get(key), oninput: filter });
  filter();
  return el("label", {}, "rows with ", input, " ", said);
}

function searched(text) {
  return text.toLowerCase().replaceAll("−", "-");
}

function cellValue(cell) {
  const text = cell.dataset.value ?? cell.textContent.trim();
  const parsed = Number.parseFloat(text.replace("−", "-").replace("+", ""));
  return /^[+−-]?\.?\d/.test(text) && !Number.isNaN(parsed) ? parsed : text;
}

function compareCells(first, second) {
  if (typeof first === "number" && typeof second === "number") return first - second;
  if (typeof first === "number") return -1;
  if (typeof second === "number") return 1;
  return first.localeCompare(second, undefined, { numeric: true });
}

function sortTable(table, column, direction = null) {
  const heads = [...table.tHead.rows[0].cells];
  const before = heads[column].getAttribute("aria-sort");
  const next = direction ?? (before === "ascending" ? "descending" : "ascending");
  heads.forEach((head, i) => head.hasAttribute("aria-sort") && head.setAttribute("aria-sort", i === column ? next : "none"));
  const rows = [...table.tBodies[0].rows].map((row) => [cellValue(row.cells[column]), row]);
  const empty = (value) => value === "–" || value === "";
  rows.sort(([a], [b]) => {
    if (empty(a) || empty(b)) return empty(a) - empty(b);  // what is not there stands last, either way
    return (next === "ascending" ? 1 : -1) * compareCells(a, b);
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
  return next;
}

function tableCells(table) {
  const skipped = new Set([...table.tHead.rows[0].cells].flatMap((head, i) => ("skip" in head.dataset ? [i] : [])));
  return [...table.rows].filter((row) => !row.hidden).map((row) => [...row.cells].filter((_, i) => !skipped.has(i)).map((cell) => (cell.dataset.text ?? cell.textContent).trim()));
}

const WITH_INTERVAL = /^([+−-]?[\d.]+) \[([+−-]?[\d.]+), ([+−-]?[\d.]+)\]$/;

// A column of numbers with their intervals becomes three.
function apartFromIntervals([head, ...body]) {
  const split = head.map((_, i) => body.some((row) => WITH_INTERVAL.test(row[i])));
  const parts = (text) => (text.match(WITH_INTERVAL) ?? [null, text, "", ""]).slice(1);
  return [
    head.flatMap((text, i) => (split[i] ? [text, `${text}, low`, `${text}, high`] : [text])),
    ...body.map((row) => row.flatMap((text, i) => (split[i] ? parts(text) : [text]))),
  ];
}

function tableCsv(table) {
  const quote = (text) => {
    // A spreadsheet must not take a name for a formula.
    const plainly = text === "–" ? "" : text.replaceAll("−", "-");
    const safe = /^[=+@\t\r-]/.test(plainly) && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plainly) ? `'${plainly}` : plainly;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return apartFromIntervals(tableCells(table)).map((row) => row.map(quote).join(",")).join("\r\n") + "\r\n";
}

// What stands below a table.
function notesOf(table) {
  const found = [];
  for (let node = table.closest(".wide").nextElementSibling; node?.matches(".tools, .note"); node = node.nextElementSibling) if (node.matches("p.note")) found.push(node.textContent);
  return found;
}

// LATEX: what of a text LaTeX prints otherwise, from the program that writes the page.
function tableLatex(table) {
  const escape = (text) => [...text.replace(/\s+/g, " ")].map((character) => LATEX[character] ?? character).join("");
  const [head, ...body] = tableCells(table).map((row) => row.map(escape).join(" & ").replace(/^(?=[[*])/, "{}") + " \\\\");
  const columns = [...table.tHead.rows[0].cells].filter((cell) => !("skip" in cell.dataset)).map((cell) => (cell.classList.contains("number") ? "r" : "l")).join("");
  const notes = [headingOf(table), ...notesOf(table)].filter(Boolean).map((note) => `% ${note.replace(/\s+/g, " ")}`);
  return [...notes, "% needs \\usepackage{booktabs} and UTF-8", `\\begin{tabular}{${columns}}`, "\\toprule", head, "\\midrule", ...body, "\\bottomrule", "\\end{tabular}", ""].join("\n");
}
