/** The rolling window of active power: what was told and when, never anything between. */

export interface Point {
  /** Arrival in seconds since the epoch. */
  at: number;
  /** W, positive while the household draws. */
  power: number;
}

/** The time for which a telegram's power stands: until the next one, and no longer where one is missing. */
export interface Step extends Point {
  until: number;
}

/** Seed 004, C.7: a rolling window of up to 5 minutes. */
export const LONGEST = 300;

/** A telegram may come this many intervals after the one before; later, one is missing. */
const LATE = 1.6;
const JITTER = 0.4;
const MOST_POINTS = 1000;
/** Older points are kept so that the window's edge cuts them off: some seconds, the one that still stands, and the one before it. */
const MARGIN = 15;
const BEFORE = 2;

export class Curve {
  readonly points: Point[] = [];

  /** Take a point; one that is already there, or older than the newest, is nothing new. */
  add(point: Point): boolean {
    const { points } = this;
    const last = points.at(-1);
    if (!Number.isFinite(point.power) || (last && point.at <= last.at)) return false;
    points.push(point);
    const first = points.findIndex(({ at }) => at >= point.at - LONGEST - MARGIN);
    points.splice(0, Math.max(first - BEFORE, points.length - MOST_POINTS));
    return true;
  }
}

/** Seconds after which the next telegram is missing; without an interval told, the usual distance of the points. */
export function gapAfter(points: readonly Point[], interval: number | null | undefined): number {
  return (interval || usual(points)) * LATE + JITTER;
}

function usual(points: readonly Point[]): number {
  const distances = points.slice(1).map((point, i) => point.at - points[i]!.at);
  return distances.sort((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
}

/** The points, each with how long it stands: to the next point, or not at all before a gap. */
export function steps(points: readonly Point[], gap: number): Step[] {
  return points.map(({ at, power }, i) => {
    const next = points[i + 1];
    return { at, power, until: next && next.at - at <= gap ? next.at : at };
  });
}

/** Whether a step begins where the one before it ends: what a line may join. */
export function joined(before: Step | undefined, step: Step): boolean {
  return before !== undefined && before.until > before.at && before.until === step.at;
}

export interface Extent {
  low: number;
  high: number;
  gaps: number;
}

/** Lowest and highest power and the gaps of the window, for its scale and for who cannot see the curve. */
export function extent(found: readonly Step[], from: number): Extent | null {
  const window = found.filter(({ until }) => until >= from);
  if (!window.length) return null;
  const seen = { low: Infinity, high: -Infinity, gaps: 0 };
  window.forEach(({ at, until, power }, i) => {
    seen.low = Math.min(seen.low, power);
    seen.high = Math.max(seen.high, power);
    if (until === at && i < window.length - 1) seen.gaps++;
  });
  return seen;
}

/** The ends a scale may have, times a power of ten: few, for each change of the scale draws the whole curve anew. */
const ENDS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** Zero is always in sight, and a quiet night is not blown up to look like a storm. */
export function range(seen: Pick<Extent, "low" | "high"> | null): [number, number] {
  const bottom = Math.min(0, seen?.low ?? 0);
  const top = Math.max(0, seen?.high ?? 0);
  const room = Math.max((top - bottom) * 0.05, 10);
  return [bottom < 0 ? -end(room - bottom) : 0, top > 0 || bottom === 0 ? end(top + room) : 0];
}

function end(watts: number): number {
  const ten = 10 ** Math.floor(Math.log10(watts));
  return ten * ENDS.find((step) => step * ten >= watts)!;
}
