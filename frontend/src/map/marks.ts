import { token } from "../dom";

/** The shapes of the states: each differs by outline, so that greyscale and colour-blind eyes can tell. */
export type Mark = "suspected" | "dispatched" | "verified" | "joint" | "counted" | "excluded" | "settled";

export const MARKS: readonly Mark[] = ["suspected", "dispatched", "verified", "joint", "counted", "excluded", "settled"];

export const MARK_LABELS: Record<Mark, string> = {
  suspected: "疑似",
  dispatched: "已派发",
  verified: "已核实",
  joint: "联合核实",
  counted: "认定·计入",
  excluded: "认定·不计入",
  settled: "已扣缴",
};

/** The mark of a workflow state. After 认定 the shape says 计入 or 不计入, whatever step of the objection it is in. */
export function markOf(state: string, counted: boolean | null | undefined): Mark {
  if (state === "merged" || state === "closed") return "excluded";
  const found = MARKS.find((mark) => mark === state);
  if (found) return found;
  return counted ? "counted" : "excluded";
}

type Pen = CanvasRenderingContext2D;

/** Drawn in the 16 × 16 box of the sprite's symbols, so that map and badge are the same picture. */
const OUTLINES: Record<Mark, (pen: Pen) => void> = {
  suspected: (pen) => polygon(pen, [8, 2.4, 14.4, 13.6, 1.6, 13.6]),
  dispatched: (pen) => polygon(pen, [8, 1.6, 14.4, 8, 8, 14.4, 1.6, 8]),
  verified: (pen) => polygon(pen, [2.2, 2.2, 13.8, 2.2, 13.8, 13.8, 2.2, 13.8]),
  joint: (pen) => polygon(pen, [5, 2.2, 11, 2.2, 14.2, 8, 11, 13.8, 5, 13.8, 1.8, 8]),
  counted: (pen) => circle(pen, 6.2),
  excluded: (pen) => circle(pen, 5.6),
  settled: (pen) => circle(pen, 7),
};

function polygon(pen: Pen, flat: number[]): void {
  pen.beginPath();
  for (let i = 0; i < flat.length; i += 2) pen.lineTo(flat[i] ?? 0, flat[i + 1] ?? 0);
  pen.closePath();
}

function circle(pen: Pen, radius: number): void {
  pen.beginPath();
  pen.arc(8, 8, radius, 0, Math.PI * 2);
  pen.closePath();
}

function line(pen: Pen, flat: number[], colour: string): void {
  pen.beginPath();
  for (let i = 0; i < flat.length; i += 2) pen.lineTo(flat[i] ?? 0, flat[i + 1] ?? 0);
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.stroke();
}

interface Palette {
  ink: Record<Mark, string>;
  halo: string;
  surface: string;
  text: string;
}

let palette: Palette | null = null;

function colours(): Palette {
  if (palette === null) {
    const ink = {} as Record<Mark, string>;
    for (const mark of MARKS) ink[mark] = token(`${mark}-m`);
    palette = { ink, halo: token("halo"), surface: token("surface"), text: token("ink") };
  }
  return palette;
}

/** Draws `mark` centred on (x, y), `size` CSS pixels wide, with a halo that keeps it apart from what lies under it. */
export function drawMark(pen: Pen, mark: Mark, x: number, y: number, size: number): void {
  const { ink, halo, surface } = colours();
  const colour = ink[mark];
  const hollow = mark === "suspected" || mark === "excluded" || mark === "joint";
  pen.save();
  pen.translate(x - size / 2, y - size / 2);
  pen.scale(size / 16, size / 16);
  pen.lineJoin = "round";
  OUTLINES[mark](pen);
  pen.strokeStyle = halo;
  pen.lineWidth = 4.5;
  pen.stroke();
  pen.fillStyle = hollow ? surface : colour;
  pen.fill();
  if (hollow) {
    pen.strokeStyle = colour;
    pen.lineWidth = 2.2;
    pen.stroke();
  }
  inside(pen, mark, colour, surface);
  pen.restore();
}

function inside(pen: Pen, mark: Mark, colour: string, surface: string): void {
  if (mark === "joint") {
    polygon(pen, [8, 2.2, 5, 2.2, 1.8, 8, 5, 13.8, 8, 13.8]);
    pen.fillStyle = colour;
    pen.fill();
  }
  if (mark === "excluded") line(pen, [4, 12, 12, 4], colour);
  if (mark === "settled") line(pen, [4.6, 8.2, 7, 10.7, 11.4, 5.7], surface);
}

/** Points of one cell, by their marks. */
export interface Cluster {
  points: number;
  marks: Partial<Record<Mark, number>>;
}

const RING = 4;

/** How wide a cluster is: wider with each digit, so that its number fits; one point alone is as wide as its mark. */
export function clusterSize(points: number): number {
  return points === 1 ? 15 : 20 + 7 * Math.max(2, String(points).length);
}

/** A disc with the number, in a ring whose parts are the states; a single point is its own mark. */
export function drawCluster(pen: Pen, { points, marks }: Cluster, x: number, y: number, radius: number): void {
  const { ink, halo, surface, text } = colours();
  const present = MARKS.filter((mark) => marks[mark]);
  const [only] = present;
  if (points === 1 && only) {
    drawMark(pen, only, x, y, radius * 2);
    return;
  }
  pen.save();
  disc(pen, x, y, radius + 1.5, halo);
  let from = -Math.PI / 2;
  for (const mark of present) {
    const to = from + (Math.PI * 2 * (marks[mark] ?? 0)) / points;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.arc(x, y, radius, from, to);
    pen.closePath();
    pen.fillStyle = ink[mark];
    pen.fill();
    from = to;
  }
  disc(pen, x, y, radius - RING, surface);
  pen.fillStyle = text;
  pen.font = "700 12px sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(String(points), x, y + 0.5);
  pen.restore();
}

function disc(pen: Pen, x: number, y: number, radius: number, colour: string): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, Math.PI * 2);
  pen.fillStyle = colour;
  pen.fill();
}
