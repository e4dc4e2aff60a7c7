import type { FeatureCollection, Geometry } from "geojson";
import * as L from "leaflet";

import { all, make, token } from "../dom";
import { legendAfter, marksCanvas } from "./frame";

interface FindingProps {
  id: number;
  kind: string;
  label: string;
  is_error: boolean;
  codes: string;
  name: string;
  area_m2: number | null;
  text: string;
  place: [number, number] | null;
}

export type Findings = FeatureCollection<Geometry, FindingProps>;

const LOOK_ZOOM = 14;

/** What the check of an edition found: its ground, and a ring at each place, because a gap of 3 m is not seen from afar. */
export function addFindings(map: L.Map, element: HTMLElement, findings: Findings): void {
  const canvas = marksCanvas();
  for (const feature of findings.features) {
    const colour = token(feature.properties.is_error ? "bad" : "warn");
    const ground = L.geoJSON(feature, {
      style: { color: colour, weight: 2, fillColor: colour, fillOpacity: 0.35 },
      pointToLayer: (_, at) => ring(at, colour, canvas),
    }).addTo(map);
    ground.bindPopup(words(feature.properties));
    const { place } = feature.properties;
    if (feature.geometry.type !== "Point" && place) {
      ring([place[1], place[0]], colour, canvas).bindPopup(words(feature.properties)).addTo(map);
    }
  }
  legendAfter(element).append(legend("bad", "问题"), legend("warn", "提醒"));
  for (const link of all<HTMLAnchorElement>("a[data-look]")) {
    const [lon = NaN, lat = NaN] = (link.dataset["look"] ?? "").split(",").map(Number);
    if (!Number.isFinite(lon) || !Number.isFinite(lat)) continue;
    link.addEventListener("click", () => map.setView([lat, lon], Math.min(LOOK_ZOOM, map.getMaxZoom())));
  }
}

function ring(at: L.LatLngExpression, colour: string, renderer: L.Canvas): L.CircleMarker {
  return L.circleMarker(at, { renderer, radius: 7, color: colour, weight: 2, fillOpacity: 0 });
}

function words(finding: FindingProps): HTMLElement {
  const area = finding.area_m2 === null ? "" : `，${Math.round(finding.area_m2).toLocaleString("zh-CN")} 平方米`;
  const lines = [`${finding.label}${area}`, [finding.name, finding.codes].filter(Boolean).join(" "), finding.text];
  return make("div", {}, lines.filter(Boolean).map((text) => make("p", { text })));
}

function legend(colour: "bad" | "warn", text: string): HTMLElement {
  return make("span", { cls: colour, text: `○ ${text}` });
}
