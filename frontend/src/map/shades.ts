import type { Feature, FeatureCollection, Geometry } from "geojson";
import * as L from "leaflet";

import { make, textLabel, token } from "../dom";
import { legendAfter } from "./frame";

/** What is said of a cell by its code: how much, in words, and where it is dealt with. */
export type Shades = Record<string, { n: number; label: string; url: string }>;

interface Cell {
  code: string;
  level: string;
}

const LEVELS = ["group", "village", "township", "county"];

/** Cells that lack something, darker the more they lack; a touch says what, and links to the cell. */
export function addShades(map: L.Map, element: HTMLElement, cells: FeatureCollection<Geometry, Cell>, shades: Shades): void {
  const shaded = cells.features.filter((cell) => shades[cell.properties.code]);
  // The small ones last, so that they lie above those that contain them and are the ones touched.
  shaded.sort((a, b) => LEVELS.indexOf(b.properties.level) - LEVELS.indexOf(a.properties.level));
  L.geoJSON(shaded as Feature[], {
    style: (cell) => {
      const { code, level } = (cell as Feature<Geometry, Cell>).properties;
      const many = Math.min(shades[code]?.n ?? 0, 3);
      const isLarge = level === "county" || level === "township";
      return {
        stroke: true,
        color: token("bad"),
        weight: isLarge ? 1.2 : 0.6,
        fill: true,
        fillColor: token("bad"),
        // A county or township lies under all of its villages: its own gap is a tint, not a cover.
        fillOpacity: isLarge ? 0.06 * many : 0.16 * many,
      };
    },
    onEachFeature: (cell, layer) => {
      const shade = shades[(cell.properties as Cell).code];
      if (!shade) return;
      layer.bindTooltip(textLabel(shade.label), { sticky: true });
      layer.on("click", (event: L.LeafletMouseEvent) => {
        L.DomEvent.stopPropagation(event);
        const box = make("div", {}, [make("p", { text: shade.label }), make("a", { text: "打开这个网格", attrs: { href: shade.url } })]);
        L.popup({ autoPanPadding: [16, 16] }).setLatLng(event.latlng).setContent(box).openOn(map);
      });
    },
  }).addTo(map);
  legendAfter(element).appendChild(
    make("span", { text: shaded.length > 0 ? `着色 = 有缺口，颜色越深缺得越多；图上 ${shaded.length} 个` : "图上的网格没有缺口" }),
  );
}
