import type { Feature, FeatureCollection, Point } from "geojson";
import * as L from "leaflet";

import { make, textLabel } from "../dom";
import { getJson } from "../net";
import { marksCanvas } from "./frame";
import { clusterMark, stateMark } from "./leaflet-extra";
import { MARK_LABELS, MARKS, markOf, type Mark } from "./marks";

/** What the server says of all points that fit the page's filter. */
export interface Overview {
  total: number;
  marks: Partial<Record<Mark, number>>;
  bounds: [number, number, number, number] | null;
  /** The address of a tile with {z}, {x}, {y} in it. */
  tiles: string;
  deepest: number;
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

interface ClusterProps {
  points: number;
  marks: Partial<Record<Mark, number>>;
  bounds: [number, number, number, number];
}

type Shown = Feature<Point, PointProps | ClusterProps>;
type PointFeature = Feature<Point, PointProps>;
type ClusterFeature = Feature<Point, ClusterProps>;
type TileAnswer = FeatureCollection<Point, PointProps | ClusterProps> & { total: number; remaining: number };

const REACH_PX = 14;
const MAX_LISTED = 8;
const KEPT_TILES = 120;
/** A tile is about two of Leaflet's 256-pixel squares wide, its clusters 64 to 128 pixels apart. */
const COARSER = 1;

export interface Place {
  z: number;
  x: number;
  y: number;
}

/** The tiles of the quad-tree of degrees that a frame of the map touches; the server counts rows from the south. */
export function tilesOf(west: number, south: number, east: number, north: number, z: number): Place[] {
  const most = 2 ** z;
  const column = (lon: number): number => Math.min(most - 1, Math.max(0, Math.floor(((lon + 180) / 360) * most)));
  const row = (lat: number): number => Math.min(Math.max(most / 2, 1) - 1, Math.max(0, Math.floor(((lat + 90) / 360) * most)));
  const places: Place[] = [];
  for (let y = row(south); y <= row(north); y++) {
    for (let x = column(west); x <= column(east); x++) places.push({ z, x, y });
  }
  return places;
}

function isCluster(feature: Shown): feature is ClusterFeature {
  return "points" in feature.properties;
}

function latLng(feature: Shown): L.LatLng {
  const [lon = 0, lat = 0] = feature.geometry.coordinates;
  return L.latLng(lat, lon);
}

/** Points and clusters of whatever part of the map is looked at: each tile is asked for once, and drawn when all are there. */
export class TileLayer {
  private readonly answers = new Map<string, TileAnswer>();
  private readonly drawn = L.layerGroup();
  private readonly canvas = marksCanvas();
  private turn = 0;

  constructor(
    private readonly map: L.Map,
    private readonly overview: Overview,
    private readonly says: (text: string, isFailure: boolean) => void,
  ) {
    this.drawn.addTo(map);
    map.on("moveend", () => void this.refresh());
    void this.refresh();
  }

  private async refresh(): Promise<void> {
    const turn = ++this.turn;
    this.map.getContainer().setAttribute("aria-busy", "true");
    const bounds = this.map.getBounds();
    const z = Math.min(this.overview.deepest, Math.max(0, Math.floor(this.map.getZoom()) - COARSER));
    const places = tilesOf(bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth(), z);
    try {
      const answers = await Promise.all(places.map((place) => this.answer(place)));
      if (turn === this.turn) this.draw(answers);
    } catch (error) {
      console.error(error);
      if (turn === this.turn) this.says("这一部分没有取到，移动或缩放地图再试；表格里有同样的内容。", true);
    }
    if (turn === this.turn) this.map.getContainer().setAttribute("aria-busy", "false");
  }

  private async answer({ z, x, y }: Place): Promise<TileAnswer> {
    const key = `${z}/${x}/${y}`;
    const held = this.answers.get(key);
    if (held) return held;
    const url = this.overview.tiles.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y));
    const answer = await getJson<TileAnswer>(url);
    this.answers.set(key, answer);
    if (this.answers.size > KEPT_TILES) {
      const [oldest] = this.answers.keys();
      if (oldest !== undefined) this.answers.delete(oldest);
    }
    return answer;
  }

  private draw(answers: TileAnswer[]): void {
    const features = answers.reduce<Shown[]>((all, answer) => all.concat(answer.features as Shown[]), []);
    const clusters = features.filter(isCluster);
    const points = features.filter((feature): feature is PointFeature => !isCluster(feature));
    this.drawn.clearLayers();
    for (const cluster of clusters) this.drawn.addLayer(this.cluster(cluster));
    for (const point of points) this.drawn.addLayer(this.point(point, points));
    const sum = (of: (answer: TileAnswer) => number): number => answers.reduce((all, answer) => all + of(answer), 0);
    const [total, remaining] = [sum((answer) => answer.total), sum((answer) => answer.remaining)];
    const { dataset } = this.map.getContainer();
    dataset["total"] = String(this.overview.total);
    dataset["inTiles"] = String(total);
    dataset["drawn"] = String(clusters.reduce((all, cluster) => all + cluster.properties.points, points.length));
    dataset["clusters"] = String(clusters.length);
    const words = clusters.length > 0 ? "圆圈里的数字是那一带的处数，点开放大" : "";
    this.says([words, remaining > 0 ? `另有 ${remaining} 处挤在同一地点，没有画出，见列表` : ""].filter(Boolean).join("；"), false);
  }

  private cluster(feature: ClusterFeature): L.Layer {
    const { points, marks, bounds } = feature.properties;
    const mark = clusterMark(latLng(feature), { points, marks }, this.canvas);
    mark.bindTooltip(textLabel(`${points} 处：${markWords(marks)}`), { direction: "top" });
    mark.on("click", (event: L.LeafletMouseEvent) => {
      L.DomEvent.stopPropagation(event);
      const [west, south, east, north] = bounds;
      const near = this.map.getBoundsZoom([[south, west], [north, east]]);
      this.map.setView(latLng(feature), Math.min(this.map.getMaxZoom(), Math.max(near, this.map.getZoom() + 1)));
    });
    return mark;
  }

  private point(feature: PointFeature, points: PointFeature[]): L.Layer {
    const { number, state, state_label, counted } = feature.properties;
    const mark = stateMark(latLng(feature), markOf(state, counted), this.canvas);
    mark.bindTooltip(textLabel(`${number || "未编号"} · ${state_label}`), { direction: "top" });
    mark.on("click", (event: L.LeafletMouseEvent) => {
      L.DomEvent.stopPropagation(event);
      openList(this.map, event.latlng, points);
    });
    return mark;
  }
}

/** The counts of a cluster in the order of the legend. */
function markWords(marks: Partial<Record<Mark, number>>): string {
  return MARKS.filter((mark) => marks[mark]).map((mark) => `${MARK_LABELS[mark]} ${marks[mark] ?? 0}`).join("、");
}

/** Everything under the finger, because two marks may cover each other. */
function openList(map: L.Map, at: L.LatLng, points: PointFeature[]): void {
  const touched = map.latLngToContainerPoint(at);
  const near = points
    .map((feature) => ({ feature, away: map.latLngToContainerPoint(latLng(feature)).distanceTo(touched) }))
    .filter(({ away }) => away <= REACH_PX)
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
