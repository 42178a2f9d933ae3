// Tables: sorted by a click on a head, taken away as CSV and LaTeX.

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
    el("button", { class: "tool", type: "button", "aria-label": `${name} as CSV`, onclick: () => save(`${fileName(name)}.csv`, "\ufeff" + tableCsv(table), "text/csv") }, "CSV"),
    el("button", { class: "tool", type: "button", "aria-label": `${name} as LaTeX`, onclick: () => save(`${fileName(name)}.tex`, tableLatex(table), "text/x-tex") }, "LaTeX")));
  const watch = () => {
    const more = wide.scrollWidth - wide.clientWidth - wide.scrollLeft > 4;
    wide.classList.toggle("more", more);
    hint.hidden = !more;
  };
  wide.addEventListener("scroll", watch, { passive: true });
  new ResizeObserver(watch).observe(wide);
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
  return [...table.rows].map((row) => [...row.cells].map((cell) => (cell.dataset.text ?? cell.textContent).trim()));
}

function tableCsv(table) {
  const quote = (text) => {
    // A spreadsheet must not take a name for a formula.
    const safe = /^[=+@\t\r-]/.test(text) && !/^[+-]?[\d.]/.test(text) ? `'${text}` : text.replaceAll("−", "-");
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return tableCells(table).map((row) => row.map(quote).join(",")).join("\r\n") + "\r\n";
}

const LATEX = {
  "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", _: "\\_", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
  "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}", '"': "\\textquotedbl{}",
  "α": "$\\alpha$", "±": "$\\pm$", "×": "$\\times$", "−": "$-$", "–": "--", "…": "\\ldots{}", "↓": "$\\downarrow$", "↑": "$\\uparrow$", "²": "$^2$",
};

function tableLatex(table) {
  const escape = (text) => [...text].map((character) => LATEX[character] ?? character).join("");
  const [head, ...body] = tableCells(table).map((row) => row.map(escape).join(" & ") + " \\\\");
  const columns = [...table.tHead.rows[0].cells].map((cell) => (cell.classList.contains("number") ? "r" : "l")).join("");
  return ["% needs \\usepackage{booktabs} and UTF-8", `\\begin{tabular}{${columns}}`, "\\toprule", head, "\\midrule", ...body, "\\bottomrule", "\\end{tabular}", ""].join("\n");
}
