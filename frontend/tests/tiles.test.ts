import { describe, expect, it } from "vitest";

import { tilesOf } from "../src/map/tiles";

describe("the tiles of a frame", () => {
  it("are all that the frame touches, rows counted from the south", () => {
    const side = 360 / 2 ** 9;
    const [west, south] = [-180 + 432 * side, -90 + 186 * side];
    expect(tilesOf(west + 0.01, south + 0.01, west + side - 0.01, south + side - 0.01, 9)).toEqual([{ z: 9, x: 432, y: 186 }]);
    const four = tilesOf(west + 0.01, south + 0.01, west + side + 0.01, south + side + 0.01, 9);
    expect(four).toHaveLength(4);
    expect(four[3]).toEqual({ z: 9, x: 433, y: 187 });
  });

  it("stop at the edges of the earth", () => {
    expect(tilesOf(-999, -999, 999, 999, 0)).toEqual([{ z: 0, x: 0, y: 0 }]);
    expect(tilesOf(-999, -999, 999, 999, 2)).toHaveLength(8);
  });
});
