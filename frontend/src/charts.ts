import { all, makeSvg } from "./dom";

interface Row {
  name: string;
  values: number[];
}

/**
 * `<table data-chart="days|bars" data-series="c p x">` becomes a picture above itself: the first column names, the next
 * columns are stacked in the classes given (c 计入, p 处理中, x 不计入 of look.css). The table stays: it is the text of
 * the chart. Numbers are read from the cells, so picture and table cannot disagree.
 */
export function startCharts(): void {
  for (const table of all<HTMLTableElement>("table[data-chart]")) {
    const classes = (table.dataset["series"] ?? "c").split(" ");
    const rows = readRows(table, classes.length);
    if (rows.length === 0) continue;
    const chart = table.dataset["chart"] === "days" ? days(rows, classes) : bars(rows, classes);
    chart.setAttribute("role", "img");
    chart.setAttribute("aria-label", table.caption?.textContent?.trim() || "图表，内容同下表");
    const host = table.closest("details") ?? table;
    host.insertAdjacentElement("beforebegin", chart);
  }
}

function readRows(table: HTMLTableElement, series: number): Row[] {
  const rows = Array.from(table.tBodies).reduce<HTMLTableRowElement[]>((list, body) => list.concat(Array.from(body.rows)), []);
  return rows.map((row) => {
    const cells = Array.from(row.cells);
    const values = cells.slice(1, 1 + series).map((cell) => Number(cell.dataset["value"] ?? cell.textContent?.trim() ?? 0) || 0);
    return { name: cells[0]?.textContent?.trim() ?? "", values };
  });
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

function bars(rows: Row[], classes: string[]): SVGElement {
  const [width, rowHeight, left, right] = [432, 24, 112, 44];
  const top = Math.max(1, ...rows.map((row) => sum(row.values)));
  const svg = makeSvg("svg", { class: "ch", viewBox: `0 0 ${width} ${rows.length * rowHeight + 8}` });
  rows.forEach((row, index) => {
    const y = index * rowHeight + 6;
    let x = left;
    svg.appendChild(makeSvg("text", { class: "nm e", x: left - 10, y: y + 13 }, row.name));
    row.values.forEach((value, order) => {
      const size = (value / top) * (width - left - right);
      if (size > 0) svg.appendChild(makeSvg("rect", { class: classes[order] ?? "c", x: x + 0.5, y, width: Math.max(1, size - 1.5), height: 15 }));
      x += size;
    });
    svg.appendChild(makeSvg("text", { class: "num e", x: width - 8, y: y + 13 }, String(sum(row.values))));
  });
  return svg;
}

function days(rows: Row[], classes: string[]): SVGElement {
  const [width, height, left, base] = [436, 150, 28, 124];
  const top = Math.max(2, ...rows.map((row) => sum(row.values)));
  const step = (width - left - 8) / rows.length;
  const svg = makeSvg("svg", { class: "ch", viewBox: `0 0 ${width} ${height}` });
  for (const mark of [Math.ceil(top / 2), top]) {
    const y = base - (mark / top) * (base - 16);
    svg.appendChild(makeSvg("path", { class: "gl", d: `M${left},${y}H${width - 8}` }));
    svg.appendChild(makeSvg("text", { class: "e", x: left - 5, y: y + 4 }, String(mark)));
  }
  svg.appendChild(makeSvg("path", { class: "ax", d: `M${left},${base}H${width - 8}` }));
  rows.forEach((row, index) => {
    let y = base;
    row.values.forEach((value, order) => {
      const size = (value / top) * (base - 16);
      y -= size;
      if (size > 0) svg.appendChild(makeSvg("rect", { class: classes[order] ?? "c", x: left + index * step + step * 0.15, y, width: step * 0.7, height: Math.max(1, size - 1) }));
    });
    const every = Math.ceil(rows.length / 6);
    if (index % every === 0) svg.appendChild(makeSvg("text", { x: left + index * step, y: base + 16 }, row.name));
  });
  return svg;
}
