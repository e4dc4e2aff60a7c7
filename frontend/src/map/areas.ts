import type { Feature, FeatureCollection, Geometry } from "geojson";
import * as L from "leaflet";

import { make, textLabel, token } from "../dom";
import { legendAfter } from "./frame";

interface Area {
  kind: string;
  name: string;
  state: "accepted" | "proposed" | "rejected";
  label: string;
}

export type Areas = FeatureCollection<Geometry, Area>;

/** Places that are hints: in force as a line with a tint, proposed as a dashed line; a touch says which one. */
export function addAreas(map: L.Map, element: HTMLElement, areas: Areas): void {
  L.geoJSON(areas, {
    style: (feature) => {
      const isProposed = (feature as Feature<Geometry, Area>).properties.state === "proposed";
      return {
        stroke: true,
        color: token("accent"),
        weight: 1.6,
        fill: true,
        fillColor: token("accent"),
        fillOpacity: isProposed ? 0.04 : 0.16,
        ...(isProposed ? { dashArray: "5 4" } : {}),
      };
    },
    onEachFeature: (feature, layer) => {
      layer.bindTooltip(textLabel((feature.properties as Area).label), { sticky: true });
    },
  }).addTo(map);
  const proposed = areas.features.filter((one) => one.properties.state === "proposed").length;
  const words = `实线 = 已确认 ${areas.features.length - proposed} 个，虚线 = 待确认 ${proposed} 个`;
  legendAfter(element).appendChild(make("span", { text: words }));
}
