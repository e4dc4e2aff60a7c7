import * as L from "leaflet";

import { make, textLabel, token } from "../dom";
import { wordsOf } from "../net";
import { scaleBar } from "./leaflet-extra";

const NOTE = "示意图，不作划界依据 · WGS-84";

/** Above the cells, below the marks: a county's name must never hide a fire point. */
const NAMES_PANE = "names";
/** Marks have a canvas of their own above the names. */
export const MARKS_PANE = "marks";

/**
 * A map without tiles: the cells are the base map, drawn on canvas.
 * The wheel zooms only after a click, so that scrolling the page is never caught.
 */
export function createMap(element: HTMLElement, more = ""): L.Map {
  element.textContent = "";
  const map = L.map(element, {
    renderer: L.canvas({ padding: 0.4 }),
    zoomSnap: 0.25,
    zoomDelta: 0.75,
    zoomControl: false,
    scrollWheelZoom: false,
    wheelPxPerZoomLevel: 140,
    zoomAnimation: false,
    fadeAnimation: false,
    maxZoom: 17,
  });
  map.createPane(NAMES_PANE).classList.add("names-pane");
  map.createPane(MARKS_PANE).classList.add("marks-pane");
  map.on("click", () => map.scrollWheelZoom.enable());
  map.on("mouseout", () => map.scrollWheelZoom.disable());
  L.control.zoom({ zoomInTitle: "放大", zoomOutTitle: "缩小", position: "topright" }).addTo(map);
  map.attributionControl.setPrefix(false);
  map.attributionControl.addAttribution(NOTE + more);
  scaleBar().addTo(map);
  return map;
}

/** The canvas of the marks; a finger needs more room than a mouse. */
export function marksCanvas(): L.Canvas {
  return L.canvas({ pane: MARKS_PANE, padding: 0.4, tolerance: L.Browser.mobile ? 12 : 4 });
}

/** Shows what happened and where the same facts are, in the map's own place; it stays until the page is loaded again. */
export function showFailure(element: HTMLElement, error: unknown): void {
  console.error(error);
  element.textContent = "";
  element.appendChild(
    make("p", { cls: "mapfail", attrs: { role: "status" }, text: `地图没有取到：${wordsOf(error)}。请刷新；表格里有同样的内容。` }),
  );
}

/** The legend below the map: real elements that a screen reader reads and a printer prints. */
export function legendAfter(element: HTMLElement): HTMLElement {
  const key = make("p", { cls: "mapkey" });
  element.insertAdjacentElement("afterend", key);
  return key;
}

export function style(options: { stroke?: string; weight?: number; fill?: string; dash?: string }): L.PathOptions {
  return {
    stroke: options.stroke !== undefined,
    color: options.stroke ? token(options.stroke) : "transparent",
    weight: options.weight ?? 1,
    fill: options.fill !== undefined,
    fillColor: options.fill ? token(options.fill) : "transparent",
    fillOpacity: 1,
    ...(options.dash ? { dashArray: options.dash } : {}),
    lineJoin: "round",
    interactive: false,
  };
}

/** Fixed words on the map, not a marker: no pointer, no focus. */
export function label(at: L.LatLngExpression, content: HTMLElement | string, cls = "", pane = NAMES_PANE): L.Tooltip {
  const element = typeof content === "string" ? textLabel(content) : content;
  return L.tooltip({ pane, permanent: true, direction: "center", className: `maplabel ${cls}`.trim(), interactive: false, opacity: 1 })
    .setLatLng(at)
    .setContent(element);
}
