import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Bars, type View } from "../src/bars";
import { Curve, gapAfter, LONGEST, steps } from "../src/curve";

const VIEW: View = { width: 90, height: 24, perSecond: 2.133, zero: 14, perWatt: -0.008, ratio: 1 };
const COLOURS = { text: "text", drawn: "drawn", fed: "fed" };
const EMPTY = "";

/** As much of a canvas as the curve uses, with the colours' names for pixels: what was drawn over what can be read. */
class Raster {
  pixels: string[] = [];
  fillStyle: string | { size: number } = "";
  globalAlpha = 1;
  globalCompositeOperation = "source-over";
  moves = 0;
  private shift = 0;
  private clipFrom = 0;
  private asked = 0;

  constructor(readonly canvas: HTMLCanvasElement) {}

  resize(): void {
    this.pixels = Array<string>(this.canvas.width * this.canvas.height).fill(EMPTY);
  }

  save(): void {}
  beginPath(): void {}
  moveTo(): void {}
  lineTo(): void {}
  stroke(): void {}
  restore(): void {
    this.clipFrom = 0;
  }
  rect(left: number): void {
    this.asked = left;
  }
  clip(): void {
    this.clipFrom = this.asked;
  }
  translate(x: number): void {
    this.shift += x;
  }
  createPattern(tile: HTMLCanvasElement): object {
    return { size: tile.width };
  }
  clearRect(x: number, y: number, width: number, height: number): void {
    this.each(x, y, width, height, () => EMPTY);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    expect(width).toBeGreaterThanOrEqual(0);
    expect(height).toBeGreaterThanOrEqual(0);
    const { fillStyle } = this;
    if (typeof fillStyle === "string") this.each(x, y, width, height, (old) => `${old}/${fillStyle}${this.globalAlpha}`);
    else this.each(x, y, width, height, (old, px, py) => ((px - this.shift + py) % fillStyle.size < 6 ? EMPTY : old));
  }

  drawImage(_: HTMLCanvasElement, x: number): void {
    expect(Number.isInteger(x)).toBe(true);
    const { width } = this.canvas;
    const before = this.pixels;
    this.moves++;
    this.resize();
    before.forEach((pixel, i) => {
      if ((i % width) + x >= 0) this.pixels[i + x] = pixel;
    });
  }

  private each(x: number, y: number, width: number, height: number, paint: (old: string, x: number, y: number) => string): void {
    const { canvas, pixels } = this;
    const left = x + this.shift;
    for (let py = Math.max(y, 0); py < Math.min(y + height, canvas.height); py++)
      for (let px = Math.max(left, this.clipFrom, 0); px < Math.min(left + width, canvas.width); px++)
        pixels[py * canvas.width + px] = paint(pixels[py * canvas.width + px]!, px, py);
  }
}

const rasters = new Map<HTMLCanvasElement, Raster>();

function raster(canvas: HTMLCanvasElement): Raster {
  let made = rasters.get(canvas);
  if (!made) rasters.set(canvas, (made = new Raster(canvas)));
  return made;
}

/** A canvas and its bars; a width that is set empties it, as in a browser. */
function easel(): { bars: Bars; pen: Raster } {
  const canvas = document.createElement("canvas");
  const pen = raster(canvas);
  for (const side of ["width", "height"] as const) {
    let length = 0;
    Object.defineProperty(canvas, side, { get: () => length, set: (now: number) => ((length = now), pen.resize()) });
  }
  return { bars: new Bars(canvas, COLOURS), pen };
}

function anew(points: Curve["points"], now: number, interval: number | null, view = VIEW): string[] {
  const { bars, pen } = easel();
  bars.show(steps(points, gapAfter(points, interval)), now, view);
  return pen.pixels;
}

/** Numbers that look random and are the same each time. */
function dice(seed: number): () => number {
  return () => (seed = (seed * 16807) % 2147483647) / 2147483647;
}

beforeEach(() => {
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (this: HTMLCanvasElement) {
    return raster(this) as never;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rasters.clear();
});

describe("a curve that moves on", () => {
  for (let seed = 1; seed <= 8; seed++)
    it(`is the same as one drawn anew (${seed})`, () => {
      const roll = dice(seed * 7919);
      const curve = new Curve();
      const { bars, pen } = easel();
      // Some see all that the curve keeps, some the newest of it.
      const view = { ...VIEW, perSecond: seed % 2 ? 2.133 : VIEW.width / LONGEST };
      const interval = seed % 3 ? 1 + (seed % 5) : null;
      let now = 1.79e9 + roll();
      for (let i = 0; i < 150; i++) {
        // Telegrams, some missing; a redrawing without any; seldom a long pause, or a clock set back.
        now += roll() < 0.1 ? roll() * 15 : (interval ?? 2) * (0.9 + roll() * 0.2);
        if (roll() < 0.02) now += 200;
        if (roll() < 0.03) now -= roll() * 2;
        if (roll() < 0.85) curve.add({ at: now - roll() * 0.3, power: Math.round((roll() - 0.4) * 2500) });
        bars.show(steps(curve.points, gapAfter(curve.points, interval)), now, view);
        expect(pen.pixels.join(), `update ${i}`).toBe(anew(curve.points, now, interval, view).join());
      }
      expect(pen.moves).toBeGreaterThan(20);
    });

  it("draws little", () => {
    const { bars, pen } = easel();
    const points = Array.from({ length: 40 }, (_, i) => ({ at: 1000 + i, power: i % 2 ? 900 : -900 }));
    bars.show(steps(points.slice(0, 39), 2), 1038, VIEW);
    const fill = vi.spyOn(pen, "fillRect");
    bars.show(steps(points, 2), 1039, VIEW);
    expect(fill.mock.calls.length).toBeLessThan(20);
    fill.mockClear();
    bars.show(steps(points, 2), 1039, VIEW);
    expect(fill).not.toHaveBeenCalled();
  });

  it("keeps its gap empty, over its whole height", () => {
    const { bars, pen } = easel();
    const curve = new Curve();
    for (let i = 0; i <= 30; i++) {
      if (i < 10 || i > 14) curve.add({ at: 1000 + i, power: 800 });
      bars.show(steps(curve.points, gapAfter(curve.points, 1)), 1000 + i, VIEW);
    }
    const column = (at: number) => {
      const x = Math.round(at * VIEW.perSecond) - Math.round(1030 * VIEW.perSecond) + VIEW.width;
      return pen.pixels.filter((_, i) => i % VIEW.width === x).filter((pixel) => pixel !== EMPTY);
    };
    for (let at = 1011; at < 1014.5; at += 0.25) expect(column(at)).toEqual([]);
    expect(column(1005)).not.toEqual([]);
    expect(column(1020)).not.toEqual([]);
  });

  it("is drawn anew in another size or scale, and for another meter", () => {
    const { bars, pen } = easel();
    const points = [1000, 1001, 1002].map((at) => ({ at, power: -500 }));
    const others = [1001.5, 1002.5].map((at) => ({ at, power: 700 }));
    bars.show(steps(points, 2), 1003, VIEW);
    for (const view of [{ ...VIEW, width: 70 }, { ...VIEW, perWatt: -0.02 }, { ...VIEW, zero: 10 }, VIEW]) {
      bars.show(steps(points, 2), 1003, view);
      expect(pen.pixels).toEqual(anew(points, 1003, 1, view));
    }
    bars.show(steps(others, 2), 1003, VIEW);
    expect(pen.pixels).toEqual(anew(others, 1003, 1));
    bars.show([], 1003, VIEW);
    expect(new Set(pen.pixels)).toEqual(new Set([EMPTY]));
    expect(pen.moves).toBe(0);
  });
});
