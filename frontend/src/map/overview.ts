import type { Feature, FeatureCollection, Geometry } from "geojson";
import * as L from "leaflet";

import { all, make, markIcon } from "../dom";
import { getJson } from "../net";
import { addFindings, type Findings } from "./findings";
import { createMap, label, legendAfter, showFailure, style } from "./frame";
import { MARK_LABELS, MARKS } from "./marks";
import { addAreas, type Areas } from "./areas";
import { addShades, type Shades } from "./shades";
import { labelPoint, largest, outerRings } from "./shapes";
import { TileLayer, type Overview } from "./tiles";

interface CellProps {
  code: string;
  name: string;
  level: "city" | "county" | "township" | "village" | "group";
  county?: string;
}

type Cells = FeatureCollection<Geometry, CellProps>;

/** Villages and groups would be a grey mass from afar. */
const DETAIL_ZOOM = 11.5;
const ALONE_ZOOM = 13;

/** `<div class="map" data-map data-cells-url=… [data-points-url=…] [data-shade-url=…] [data-findings-url=…]>`: cells as the base map, fire points as marks, gaps as shades, what a check found. */
export function startOverviews(): void {
  for (const element of all("[data-map]:not([data-detail-url])")) {
    whenOpen(element, () => void draw(element).catch((error: unknown) => showFailure(element, error)));
  }
}

/** A map in something that is folded has no size and would fit into nothing; what nobody opens is not fetched either. */
function whenOpen(element: HTMLElement, then: () => void): void {
  const folded = element.closest("details");
  if (!folded || folded.open) then();
  else folded.addEventListener("toggle", then, { once: true });
}

async function draw(element: HTMLElement): Promise<void> {
  const { cellsUrl, pointsUrl, shadeUrl, areasUrl, findingsUrl } = element.dataset;
  const [cells, points, shades, areas, findings] = await Promise.all([
    cellsUrl ? getJson<Cells>(cellsUrl) : null,
    pointsUrl ? getJson<Overview>(pointsUrl) : null,
    shadeUrl ? getJson<Shades>(shadeUrl) : null,
    areasUrl ? getJson<Areas>(areasUrl) : null,
    findingsUrl ? getJson<Findings>(findingsUrl) : null,
  ]);
  const map = createMap(element);
  const bounds = L.latLngBounds([]);
  if (cells) bounds.extend(addCells(map, cells));
  if (points?.bounds) {
    const [west, south, east, north] = points.bounds;
    bounds.extend([[south, west], [north, east]]);
  }
  if (!bounds.isValid()) {
    map.remove();
    element.appendChild(make("p", { cls: "mapfail", text: "还没有边界，也没有火点。导入边界并启用后，这里会出现地图。" }));
    return;
  }
  // One fire alone has no extent: a view of some kilometres, not of the ground it lies on.
  map.fitBounds(bounds, { padding: [12, 12], maxZoom: ALONE_ZOOM });
  map.setMinZoom(map.getZoom() - 1);
  map.setMaxBounds(bounds.pad(0.5));
  if (areas) addAreas(map, element, areas);
  if (cells && shades) addShades(map, element, cells, shades);
  if (findings) addFindings(map, element, findings);
  if (points) addPoints(map, element, points);
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

function addPoints(map: L.Map, element: HTMLElement, points: Overview): void {
  const key = legendAfter(element);
  key.appendChild(make("b", { text: `共 ${points.total} 处` }));
  for (const mark of MARKS) {
    key.appendChild(make("span", {}, [markIcon(mark), `${MARK_LABELS[mark]} ${points.marks[mark] ?? 0}`]));
  }
  const note = make("span", { cls: "mapsaid" });
  key.appendChild(note);
  new TileLayer(map, points, (text, isFailure) => {
    note.textContent = text;
    note.classList.toggle("bad", isFailure);
  });
}
