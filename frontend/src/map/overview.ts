import type { Feature, FeatureCollection, Geometry, Point } from "geojson";
import * as L from "leaflet";

import { all, make, markIcon, textLabel } from "../dom";
import { getJson } from "../net";
import { addFindings, type Findings } from "./findings";
import { createMap, label, legendAfter, marksCanvas, showFailure, style } from "./frame";
import { stateMark } from "./leaflet-extra";
import { MARK_LABELS, MARKS, markOf, type Mark } from "./marks";
import { addAreas, type Areas } from "./areas";
import { addShades, type Shades } from "./shades";
import { labelPoint, largest, outerRings } from "./shapes";

interface CellProps {
  code: string;
  name: string;
  level: "city" | "county" | "township" | "village" | "group";
  county?: string;
}

interface PointProps {
  id: string;
  number: string;
  state: string;
  state_label: string;
  url: string;
  date: string;
  county_name: string;
  counted?: boolean | null;
}

type Cells = FeatureCollection<Geometry, CellProps>;
type Points = FeatureCollection<Point | null, PointProps>;

/** Villages and groups would be a grey mass from afar. */
const DETAIL_ZOOM = 11.5;
const REACH_PX = 14;
const MAX_LISTED = 8;

/** `<div class="map" data-map data-cells-url=… [data-points-url=…] [data-shade-url=…] [data-findings-url=…]>`: cells as the base map, fire points as marks, gaps as shades, what a check found. */
export function startOverviews(): void {
  for (const element of all("[data-map]:not([data-detail-url])")) {
    draw(element).catch((error: unknown) => showFailure(element, error));
  }
}

async function draw(element: HTMLElement): Promise<void> {
  const { cellsUrl, pointsUrl, shadeUrl, areasUrl, findingsUrl } = element.dataset;
  const [cells, points, shades, areas, findings] = await Promise.all([
    cellsUrl ? getJson<Cells>(cellsUrl) : null,
    pointsUrl ? getJson<Points>(pointsUrl) : null,
    shadeUrl ? getJson<Shades>(shadeUrl) : null,
    areasUrl ? getJson<Areas>(areasUrl) : null,
    findingsUrl ? getJson<Findings>(findingsUrl) : null,
  ]);
  const map = createMap(element);
  const bounds = L.latLngBounds([]);
  if (cells) bounds.extend(addCells(map, cells));
  const located = (points?.features ?? []).filter((feature) => feature.geometry);
  for (const feature of located) bounds.extend(latLng(feature));
  if (!bounds.isValid()) {
    map.remove();
    element.appendChild(make("p", { cls: "mapfail", text: "还没有边界，也没有火点。导入边界并启用后，这里会出现地图。" }));
    return;
  }
  map.fitBounds(bounds, { padding: [12, 12] });
  map.setMinZoom(map.getZoom() - 1);
  map.setMaxBounds(bounds.pad(0.5));
  if (areas) addAreas(map, element, areas);
  if (cells && shades) addShades(map, element, cells, shades);
  addPoints(map, located);
  if (findings) addFindings(map, element, findings);
  if (pointsUrl) fillLegend(legendAfter(element), located);
}

function latLng(feature: Feature<Point | null, PointProps>): L.LatLng {
  const [lon = 0, lat = 0] = feature.geometry?.coordinates ?? [];
  return L.latLng(lat, lon);
}

function addCells(map: L.Map, cells: Cells): L.LatLngBounds {
  const at = (...levels: CellProps["level"][]): Feature<Geometry, CellProps>[] =>
    cells.features.filter((feature) => levels.includes(feature.properties.level));
  const counties = at("county");
  const base = counties.length > 0 ? counties : at("city");
  const lands = L.geoJSON(base, { style: style({ fill: "map-land" }) }).addTo(map);
  const fine = L.geoJSON(at("village", "group"), { style: style({ stroke: "map-town", weight: 0.6, dash: "2 3" }) });
  L.geoJSON(at("township"), { style: style({ stroke: "map-town" }) }).addTo(map);
  L.geoJSON(base, { style: style({ stroke: "map-county", weight: 1.6 }) }).addTo(map);
  const bounds = lands.getBounds();
  for (const county of base) addName(map, county, "");
  const townNames = L.layerGroup();
  for (const town of at("township")) addName(townNames, town, "small");
  map.on("zoomend", () => {
    const near = map.getZoom() >= DETAIL_ZOOM;
    for (const layer of [fine, townNames]) {
      if (near && !map.hasLayer(layer)) layer.addTo(map);
      if (!near && map.hasLayer(layer)) layer.remove();
    }
    // A canvas draws in the order of adding: villages come late and must not cover the county's border.
    fine.eachLayer((layer) => (layer as L.Path).bringToBack());
    lands.eachLayer((layer) => (layer as L.Path).bringToBack());
  });
  return bounds;
}

function addName(to: L.Map | L.LayerGroup, cell: Feature<Geometry, CellProps>, cls: string): void {
  const ring = largest(outerRings(cell.geometry));
  const at = ring ? labelPoint(ring) : null;
  if (at) to.addLayer(label([at[1] ?? 0, at[0] ?? 0], cell.properties.name, cls));
}

function addPoints(map: L.Map, points: Feature<Point | null, PointProps>[]): void {
  const layer = L.layerGroup();
  const canvas = marksCanvas();
  for (const feature of points) {
    const mark = stateMark(latLng(feature), markOf(feature.properties.state, feature.properties.counted), canvas);
    mark.on("click", (event: L.LeafletMouseEvent) => {
      L.DomEvent.stopPropagation(event);
      openList(map, event.latlng, points);
    });
    mark.bindTooltip(textLabel(`${feature.properties.number || "未编号"} · ${feature.properties.state_label}`), { direction: "top" });
    layer.addLayer(mark);
  }
  layer.addTo(map);
}

/** Everything under the finger, because two marks may cover each other. */
function openList(map: L.Map, at: L.LatLng, points: Feature<Point | null, PointProps>[]): void {
  const touched = map.latLngToContainerPoint(at);
  const near = points
    .map((feature) => ({ feature, away: map.latLngToContainerPoint(latLng(feature)).distanceTo(touched) }))
    .filter((one) => one.away <= REACH_PX)
    .sort((a, b) => a.away - b.away);
  const box = make("div");
  for (const { feature } of near.slice(0, MAX_LISTED)) {
    const { url, number, state_label, date, county_name } = feature.properties;
    const link = make("a", { text: number || "未编号", attrs: { href: url } });
    box.appendChild(make("p", {}, [link, ` ${state_label}`, make("br"), `${date} · ${county_name || "县（区）未定"}`]));
  }
  if (near.length > MAX_LISTED) box.appendChild(make("p", { text: `还有 ${near.length - MAX_LISTED} 处，放大后可见` }));
  L.popup({ autoPanPadding: [16, 16] }).setLatLng(at).setContent(box).openOn(map);
}

function fillLegend(key: HTMLElement, points: Feature<Point | null, PointProps>[]): void {
  const counts = new Map<Mark, number>();
  for (const { properties } of points) {
    const mark = markOf(properties.state, properties.counted);
    counts.set(mark, (counts.get(mark) ?? 0) + 1);
  }
  for (const mark of MARKS) {
    key.appendChild(make("span", {}, [markIcon(mark), `${MARK_LABELS[mark]} ${counts.get(mark) ?? 0}`]));
  }
}
