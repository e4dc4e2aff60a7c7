import type { Feature, FeatureCollection, Geometry, Point } from "geojson";
import * as L from "leaflet";

import { all, make, makeSvg, markIcon, textLabel, token } from "../dom";
import { getJson } from "../net";
import { createMap, label, legendAfter, marksCanvas, showFailure, style } from "./frame";
import { clipTo, labelPoint, largest, outerRings, signedArea, type Ring } from "./shapes";

interface Props {
  role: "footprint" | "detection" | "county_border" | "county" | "photo" | "cell" | "cut";
  official?: boolean;
  label?: string;
  name?: string;
  share?: number;
  n?: number;
  inside?: boolean | null;
}

type Detail = FeatureCollection<Geometry | null, Props>;
type Part = Feature<Geometry, Props>;

const SIDES = ["side-a", "side-b"] as const;
/** Proposed parts take turns in these; each has its number too. */
const PARTS = ["accent", "suspected-m", "verified-m", "good"] as const;
/** A photo taken farther away than this is listed in the table, but must not shrink the pixel to a dot. */
const PHOTO_REACH_M = 3000;

/** `<div class="map tall" data-map data-detail-url=…>`: the pixel and its shares, borders, leads and photos of one point. */
export function startFootprints(): void {
  for (const element of all("[data-map][data-detail-url]")) {
    draw(element).catch((error: unknown) => showFailure(element, error));
  }
}

async function draw(element: HTMLElement): Promise<void> {
  const detail = await getJson<Detail>(element.dataset["detailUrl"] ?? "");
  const of = (role: Props["role"]): Part[] =>
    detail.features.filter((feature): feature is Part => feature.properties.role === role && feature.geometry !== null);
  const footprints = of("footprint");
  const official = footprints.filter((one) => one.properties.official);
  const main = official[0] ?? footprints[0];
  const map = createMap(element, " · 方格 500 米");
  const bounds = boundsOf(main ? footprints : of("detection"), of("photo"));
  if (!bounds.isValid()) {
    map.remove();
    element.appendChild(make("p", { cls: "mapfail", text: "这处火点没有可画的位置；原始行里有来源给的坐标。" }));
    return;
  }
  map.fitBounds(bounds, { padding: [16, 16], maxZoom: 17 });
  L.geoJSON(of("cell"), { style: { ...style({ fill: "map-land", stroke: "map-town" }) } }).addTo(map);
  addGrid(map, bounds);
  const frame = main ? largest(outerRings(main.geometry)) : undefined;
  const names = frame ? addShares(map, of("county"), frame) : [];
  addBorders(map, of("county_border"));
  addFootprints(map, footprints);
  addCuts(map, of("cut"));
  const above = marksCanvas();
  addDetections(map, of("detection"), above);
  addPhotos(map, of("photo"), above);
  for (const name of names) name.addTo(map);
  fillLegend(legendAfter(element), detail);
}

function boundsOf(parts: Part[], photos: Part[]): L.LatLngBounds {
  let bounds = L.geoJSON(parts).getBounds();
  if (!bounds.isValid()) return bounds;
  const centre = bounds.getCenter();
  bounds = bounds.pad(0.35);
  for (const photo of photos) {
    const at = pointOf(photo);
    if (at.distanceTo(centre) <= PHOTO_REACH_M) bounds.extend(at);
  }
  // A lone detection has no size: show about 1.5 km around it.
  return bounds.getNorth() - bounds.getSouth() < 0.002 ? centre.toBounds(1500) : bounds;
}

function pointOf(feature: Part): L.LatLng {
  const [lon = 0, lat = 0] = (feature.geometry as Point).coordinates;
  return L.latLng(lat, lon);
}

/** 方格 of 500 m: a sense of size. Not 网格, which is the word for people's cells. */
function addGrid(map: L.Map, bounds: L.LatLngBounds): void {
  const view = bounds.pad(1.5);
  const centre = bounds.getCenter();
  const stepLat = 500 / 111_320;
  const stepLon = stepLat / Math.cos((centre.lat * Math.PI) / 180);
  const lines: L.LatLngExpression[][] = [];
  for (let lat = centre.lat - 20 * stepLat; lat <= centre.lat + 20 * stepLat; lat += stepLat) {
    lines.push([[lat, view.getWest()], [lat, view.getEast()]]);
  }
  for (let lon = centre.lng - 20 * stepLon; lon <= centre.lng + 20 * stepLon; lon += stepLon) {
    lines.push([[view.getSouth(), lon], [view.getNorth(), lon]]);
  }
  L.polyline(lines, style({ stroke: "map-town", dash: "2 4" })).addTo(map);
}

/** Both shares in their colours, the second hatched too, and the percentages in words: never colour alone. */
function addShares(map: L.Map, counties: Part[], frame: Ring): L.Tooltip[] {
  const sorted = counties
    .filter((county) => (county.properties.share ?? 0) > 0)
    .sort((a, b) => (b.properties.share ?? 0) - (a.properties.share ?? 0));
  return sorted.reduce<L.Tooltip[]>((names, county, index) => {
    const pieces = outerRings(county.geometry).map((ring) => clipTo(ring, frame)).filter((ring) => ring.length > 2);
    const side = token(SIDES[Math.min(index, 1)] ?? "side-a");
    for (const piece of pieces) {
      const corners = piece.map(([lon = 0, lat = 0]) => L.latLng(lat, lon));
      const shape = { stroke: false, fill: true, interactive: false };
      L.polygon(corners, { ...shape, fillColor: side, fillOpacity: 0.22 }).addTo(map);
      if (index > 0) L.polygon(corners, { ...shape, fillColor: hatch(side), fillOpacity: 0.7 }).addTo(map);
    }
    const biggest = pieces.sort((a, b) => Math.abs(signedArea(b)) - Math.abs(signedArea(a)))[0];
    const at = biggest ? labelPoint(biggest) : null;
    if (at) names.push(shareLabel(at, county.properties, sorted.length));
    return names;
  }, []);
}

function shareLabel(at: number[], properties: Props, parts: number): L.Tooltip {
  const box = make("div");
  if (parts > 1) box.appendChild(make("span", { text: percent(properties.share ?? 0) }));
  const tip = label([at[1] ?? 0, at[0] ?? 0], box, parts > 1 ? "pct" : "");
  if (parts > 1) box.appendChild(make("br"));
  box.appendChild(make("small", { text: properties.name ?? "" }));
  return tip;
}

function percent(share: number): string {
  const rounded = Math.round(share * 100);
  if (rounded === 0) return "<1%";
  return rounded === 100 && share < 1 ? ">99%" : `${rounded}%`;
}

/** Leaflet hands fillColor to the canvas as it is, and a canvas takes a pattern there; its typings know only strings. */
function hatch(colour: string): string {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 9;
  const pen = tile.getContext("2d");
  if (!pen) return colour;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.4;
  for (const shift of [-9, 0, 9]) {
    pen.beginPath();
    pen.moveTo(shift, 9);
    pen.lineTo(shift + 9, 0);
    pen.stroke();
  }
  return (pen.createPattern(tile, "repeat") ?? colour) as unknown as string;
}

function addBorders(map: L.Map, borders: Part[]): void {
  L.geoJSON(borders, { style: { ...style({ stroke: "surface", weight: 7 }), opacity: 0.85, fill: false } }).addTo(map);
  L.geoJSON(borders, { style: { ...style({ stroke: "map-county", weight: 3, dash: "14 4 3 4" }), fill: false } }).addTo(map);
}

function addFootprints(map: L.Map, footprints: Part[]): void {
  const leads = footprints.filter((one) => !one.properties.official);
  const officials = footprints.filter((one) => one.properties.official);
  const dashed = { ...style({ stroke: "ink-3", weight: 1.5, dash: "5 4" }), interactive: true };
  const solid = { ...style({ stroke: "fp", weight: 2 }), interactive: true };
  for (const [group, look] of [[leads, dashed], [officials, solid]] as const) {
    for (const one of group) {
      const layer = L.geoJSON(one, { style: look }).addTo(map);
      const words = one.properties.official ? (one.properties.label ?? "官方清单像元") : leadWords(one.properties.label);
      layer.bindTooltip(textLabel(words), { sticky: true });
    }
  }
}

function leadWords(name: string | undefined): string {
  return `${name ?? "其他卫星"}（线索，不能单独扣缴）`;
}

/** Where the machine would divide the fire: dashed rings with a number, never more than a proposal. */
function addCuts(map: L.Map, cuts: Part[]): void {
  cuts.forEach((cut, index) => {
    const ring = L.geoJSON(cut, {
      style: { ...style({ stroke: PARTS[index % PARTS.length] ?? "accent", weight: 2.5, dash: "2 6" }), interactive: true },
    }).addTo(map);
    ring.bindTooltip(textLabel(cut.properties.label ?? ""), { sticky: true });
    // Two parts may lie in one place, one after the other: their numbers stand at different corners.
    const box = ring.getBounds();
    const at = [box.getNorthWest(), box.getSouthEast(), box.getNorthEast(), box.getSouthWest()][index % 4] ?? box.getCenter();
    label(at, `第 ${cut.properties.n ?? index + 1} 处`).addTo(map);
  });
}

function addDetections(map: L.Map, detections: Part[], renderer: L.Canvas): void {
  for (const detection of detections) {
    const look = { radius: 3.5, color: token("halo"), weight: 1.5, fillColor: token("ink"), fillOpacity: 1 };
    const dot = L.circleMarker(pointOf(detection), { ...look, renderer });
    dot.bindTooltip(textLabel(detection.properties.label ?? "监测位置"), { direction: "top" }).addTo(map);
  }
}

function addPhotos(map: L.Map, photos: Part[], renderer: L.Canvas): void {
  for (const photo of photos) {
    const { n, inside } = photo.properties;
    const fillColor = token(inside === false ? "bad" : "good");
    const look = { radius: 11, color: token("halo"), weight: 1.5, fillColor, fillOpacity: 1, interactive: false };
    L.circleMarker(pointOf(photo), { ...look, renderer }).addTo(map);
    label(pointOf(photo), String(n ?? ""), "cam", "tooltipPane").addTo(map);
  }
}

function lineKey(stroke: string, dash: string, width: number): SVGElement {
  const svg = makeSvg("svg", { class: "wide", viewBox: "0 0 26 14", "aria-hidden": "true" });
  svg.appendChild(makeSvg("path", { d: "M0 7h26", fill: "none", stroke: token(stroke), "stroke-width": width, "stroke-dasharray": dash }));
  return svg;
}

function fillLegend(key: HTMLElement, detail: Detail): void {
  const has = (role: Props["role"], official?: boolean): boolean =>
    detail.features.some((one) => one.properties.role === role && (official === undefined || Boolean(one.properties.official) === official));
  const add = (icon: SVGElement | null, words: string): void => {
    key.appendChild(make("span", {}, icon ? [icon, words] : [words]));
  };
  if (has("footprint", true)) add(markIcon("fp"), "官方清单像元");
  if (has("footprint", false)) add(lineKey("ink-3", "5 4", 1.5), "其他卫星（线索）");
  if (has("cut")) add(lineKey("accent", "2 6", 2.5), "建议的划分（由人定）");
  if (has("county_border")) add(lineKey("map-county", "14 4 3 4", 3), "县界");
  if (has("photo")) add(null, "圆点数字 = 照片编号，红色在像元外");
}
