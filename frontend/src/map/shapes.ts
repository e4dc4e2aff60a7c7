/** Plain geometry in lon/lat degrees for drawing only; nothing here decides who pays. */

export type Position = number[];
export type Ring = Position[];

interface PolygonLike {
  type: string;
  coordinates?: unknown;
}

export function outerRings(geometry: PolygonLike | null): Ring[] {
  if (!geometry) return [];
  if (geometry.type === "Polygon") return (geometry.coordinates as Ring[]).slice(0, 1);
  if (geometry.type === "MultiPolygon") return (geometry.coordinates as Ring[][]).map((polygon) => polygon[0] ?? []);
  return [];
}

const x = (p: Position | undefined): number => p?.[0] ?? 0;
const y = (p: Position | undefined): number => p?.[1] ?? 0;

/** Signed area in square degrees; positive when the ring runs counter-clockwise. */
export function signedArea(ring: Ring): number {
  let sum = 0;
  for (let i = 0; i < ring.length; i++) {
    const a = ring[i];
    const b = ring[(i + 1) % ring.length];
    sum += x(a) * y(b) - x(b) * y(a);
  }
  return sum / 2;
}

export function largest(rings: Ring[]): Ring | undefined {
  return rings.slice().sort((a, b) => Math.abs(signedArea(b)) - Math.abs(signedArea(a)))[0];
}

export function contains(ring: Ring, at: Position): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[i];
    const b = ring[j];
    const crosses = y(a) > y(at) !== y(b) > y(at);
    if (crosses && x(at) < ((x(b) - x(a)) * (y(at) - y(a))) / (y(b) - y(a)) + x(a)) inside = !inside;
  }
  return inside;
}

/** A place for a name: the point of a 16 × 16 grid that is inside and farthest from the ring's edges. */
export function labelPoint(ring: Ring): Position | null {
  const xs = ring.map(x);
  const ys = ring.map(y);
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const shrink = Math.cos((((south + north) / 2) * Math.PI) / 180);
  let best: Position | null = null;
  let bestDistance = -1;
  for (let i = 1; i < 16; i++) {
    for (let j = 1; j < 16; j++) {
      const at = [west + ((east - west) * i) / 16, south + ((north - south) * j) / 16];
      if (!contains(ring, at)) continue;
      const distance = edgeDistance(ring, at, shrink);
      if (distance > bestDistance) [best, bestDistance] = [at, distance];
    }
  }
  return best ?? ring[0] ?? null;
}

/** Squared, in degrees of latitude. */
function edgeDistance(ring: Ring, at: Position, shrink: number): number {
  let least = Infinity;
  for (let i = 0; i < ring.length; i++) {
    const a = ring[i];
    const b = ring[(i + 1) % ring.length];
    const [ax, ay] = [(x(a) - x(at)) * shrink, y(a) - y(at)];
    const [bx, by] = [(x(b) - x(at)) * shrink, y(b) - y(at)];
    const [dx, dy] = [bx - ax, by - ay];
    const long = dx * dx + dy * dy;
    const t = long > 0 ? Math.max(0, Math.min(1, -(ax * dx + ay * dy) / long)) : 0;
    const [px, py] = [ax + dx * t, ay + dy * t];
    least = Math.min(least, px * px + py * py);
  }
  return least;
}

/** The part of `ring` inside the convex ring `frame` (Sutherland–Hodgman): enough to colour a footprint's shares. */
export function clipTo(ring: Ring, frame: Ring): Ring {
  const closed = frame.length > 1 && x(frame[0]) === x(frame[frame.length - 1]) && y(frame[0]) === y(frame[frame.length - 1]);
  let corners = closed ? frame.slice(0, -1) : frame.slice();
  if (signedArea(corners) < 0) corners = corners.reverse();
  let kept = ring;
  for (let i = 0; i < corners.length && kept.length > 0; i++) {
    kept = clipByEdge(kept, corners[i] ?? [0, 0], corners[(i + 1) % corners.length] ?? [0, 0]);
  }
  return kept;
}

function clipByEdge(ring: Ring, a: Position, b: Position): Ring {
  const side = (p: Position): number => (x(b) - x(a)) * (y(p) - y(a)) - (y(b) - y(a)) * (x(p) - x(a));
  const out: Ring = [];
  for (let i = 0; i < ring.length; i++) {
    const from = ring[(i + ring.length - 1) % ring.length] ?? [0, 0];
    const to = ring[i] ?? [0, 0];
    const [before, after] = [side(from), side(to)];
    if (before < 0 !== after < 0) {
      const t = before / (before - after);
      out.push([x(from) + (x(to) - x(from)) * t, y(from) + (y(to) - y(from)) * t]);
    }
    if (after >= 0) out.push(to);
  }
  return out;
}
