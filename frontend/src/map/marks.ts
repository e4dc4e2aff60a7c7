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
}

let palette: Palette | null = null;

function colours(): Palette {
  if (palette === null) {
    const ink = {} as Record<Mark, string>;
    for (const mark of MARKS) ink[mark] = token(`${mark}-m`);
    palette = { ink, halo: token("halo"), surface: token("surface") };
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
