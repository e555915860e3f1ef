import { describe, expect, it } from "vitest";
import { Curve, extent, gapAfter, runs, steps } from "../src/curve";

const points = (...times: number[]) => times.map((at) => ({ at, power: at * 10 }));

describe("Curve", () => {
  it("keeps five minutes, and takes nothing twice", () => {
    const curve = new Curve();
    for (let at = 0; at <= 400; at += 10) expect(curve.add({ at, power: at })).toBe(true);
    expect(curve.add({ at: 400, power: 1 })).toBe(false);
    expect(curve.add({ at: 390, power: 1 })).toBe(false);
    expect(curve.add({ at: 401, power: NaN })).toBe(false);
    expect(curve.points[0]!.at).toBe(100);
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
    const found = steps(points(0, 5, 15, 20), 0, 8.4);
    expect(found.map((step) => [step.at, step.until])).toEqual([[0, 5], [5, 5], [15, 20], [20, 20]]);
    expect(runs(found).map((run) => run.map((step) => step.at))).toEqual([[0, 5], [15, 20]]);
  });

  it("hold no value that no telegram told", () => {
    const told = points(0, 1, 2, 9, 10);
    const drawn = runs(steps(told, 0, 2));
    expect(drawn.flat().map(({ at, power }) => ({ at, power }))).toEqual(told);
    expect(drawn.map((run) => run.length)).toEqual([3, 2]);
  });

  it("leave a lonely point alone", () => {
    expect(runs(steps(points(0, 9, 18), 0, 2)).map((run) => run.length)).toEqual([1, 1, 1]);
  });
});

describe("the window", () => {
  it("begins where it should", () => {
    expect(steps(points(0, 5, 10, 15), 10, 8).map((step) => step.at)).toEqual([5, 10, 15]);
  });

  it("can be put into words", () => {
    expect(extent([])).toBeNull();
    expect(extent(steps(points(1, 2, 9), 0, 2))).toEqual({ low: 10, high: 90, gaps: 1 });
  });
});
