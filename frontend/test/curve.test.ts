import { describe, expect, it } from "vitest";
import { Curve, extent, gapAfter, joined, type Step, steps } from "../src/curve";

/** Which steps a line may join to the one before. */
const joins = (found: Step[]) => found.map((step, i) => joined(found[i - 1], step));
const points = (...times: number[]) => times.map((at) => ({ at, power: at * 10 }));

describe("Curve", () => {
  it("keeps five minutes and what stands at their edge, and takes nothing twice", () => {
    const curve = new Curve();
    for (let at = 0; at <= 400; at += 10) expect(curve.add({ at, power: at })).toBe(true);
    expect(curve.add({ at: 400, power: 1 })).toBe(false);
    expect(curve.add({ at: 390, power: 1 })).toBe(false);
    expect(curve.add({ at: 401, power: NaN })).toBe(false);
    expect(curve.points.map(({ at }) => at).slice(0, 3)).toEqual([70, 80, 90]);
    expect(curve.points.at(-1)).toEqual({ at: 400, power: 400 });
  });

  it("is bounded however fast a meter sends", () => {
    const curve = new Curve();
    for (let i = 0; i < 3000; i++) curve.add({ at: i / 100, power: i });
    expect(curve.points.length).toBe(1000);
  });
});

describe("gaps", () => {
  it("begin where one telegram is missing", () => {
    expect(gapAfter([], 5)).toBeGreaterThan(5);
    expect(gapAfter([], 5)).toBeLessThan(10);
    expect(gapAfter([], 1)).toBeLessThanOrEqual(2);
    expect(gapAfter(points(0, 5, 10, 40), null)).toBe(gapAfter([], 5));
  });

  it("are never joined", () => {
    const found = steps(points(0, 5, 15, 20), 8.4);
    expect(found.map((step) => [step.at, step.until])).toEqual([[0, 5], [5, 5], [15, 20], [20, 20]]);
    expect(joins(found)).toEqual([false, true, false, true]);
  });

  it("hold no value that no telegram told", () => {
    const told = points(0, 1, 2, 9, 10);
    const drawn = steps(told, 2);
    expect(drawn.map(({ at, power }) => ({ at, power }))).toEqual(told);
    expect(joins(drawn)).toEqual([false, true, true, false, true]);
  });

  it("leave a lonely point alone", () => {
    expect(joins(steps(points(0, 9, 18), 2))).toEqual([false, false, false]);
  });
});

describe("the window", () => {
  it("can be put into words", () => {
    expect(extent([], 0)).toBeNull();
    expect(extent(steps(points(1, 2, 9), 2), 0)).toEqual({ low: 10, high: 90, gaps: 1 });
  });

  it("holds what still stands at its edge, and nothing older", () => {
    const found = steps(points(0, 5, 10, 15), 8);
    expect(extent(found, 10)).toEqual({ low: 50, high: 150, gaps: 0 });
    expect(extent(found, 10.1)).toEqual({ low: 100, high: 150, gaps: 0 });
    expect(extent(found, 16)).toBeNull();
  });
});
