import * as L from "leaflet";

import { clusterSize, drawCluster, drawMark, type Cluster, type Mark } from "./marks";

/** The parts of Leaflet 1.9 that its typings keep private and that our two subclasses need. */
interface CanvasPath {
  _renderer: { _drawing: boolean; _ctx: CanvasRenderingContext2D };
  _point: L.Point;
  _radius: number;
  _empty(): boolean;
  options: MarkOptions & ClusterOptions;
}

export interface MarkOptions extends L.CircleMarkerOptions {
  mark: Mark;
}

const MarkClass = L.CircleMarker.extend({
  _updatePath(this: CanvasPath): void {
    if (!this._renderer._drawing || this._empty()) return;
    drawMark(this._renderer._ctx, this.options.mark, this._point.x, this._point.y, this._radius * 2);
  },
}) as unknown as new (at: L.LatLngExpression, options: MarkOptions) => L.CircleMarker;

/** A state mark on the canvas; its hit area is the circle around it. */
export function stateMark(at: L.LatLngExpression, mark: Mark, canvas: L.Canvas): L.CircleMarker {
  return new MarkClass(at, { mark, radius: 7.5, renderer: canvas });
}

export interface ClusterOptions extends L.CircleMarkerOptions {
  cluster: Cluster;
}

const ClusterClass = L.CircleMarker.extend({
  _updatePath(this: CanvasPath): void {
    if (!this._renderer._drawing || this._empty()) return;
    drawCluster(this._renderer._ctx, this.options.cluster, this._point.x, this._point.y, this._radius);
  },
}) as unknown as new (at: L.LatLngExpression, options: ClusterOptions) => L.CircleMarker;

/** Many points in one place on the canvas: how many, in a ring of their states. */
export function clusterMark(at: L.LatLngExpression, cluster: Cluster, canvas: L.Canvas): L.CircleMarker {
  return new ClusterClass(at, { cluster, radius: clusterSize(cluster.points) / 2, renderer: canvas });
}

interface ScaleInternals {
  _getRoundNum(metres: number): number;
  _updateScale(element: HTMLElement, text: string, ratio: number): void;
  _mScale: HTMLElement;
}

const ChineseScale = L.Control.Scale.extend({
  _updateMetric(this: ScaleInternals, maxMetres: number): void {
    const metres = this._getRoundNum(maxMetres);
    const label = metres < 1000 ? `${metres} 米` : `${metres / 1000} 公里`;
    this._updateScale(this._mScale, label, metres / maxMetres);
  },
}) as unknown as new (options: L.Control.ScaleOptions) => L.Control.Scale;

export function scaleBar(): L.Control.Scale {
  return new ChineseScale({ imperial: false, maxWidth: 110, position: "bottomleft" });
}
