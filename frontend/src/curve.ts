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

export class Curve {
  readonly points: Point[] = [];

  /** Take a point; one that is already there, or older than the newest, is nothing new. */
  add(point: Point): boolean {
    const { points } = this;
    const last = points.at(-1);
    if (!Number.isFinite(point.power) || (last && point.at <= last.at)) return false;
    points.push(point);
    const kept = points.findIndex(({ at }) => at >= point.at - LONGEST);
    points.splice(0, Math.max(kept, points.length - MOST_POINTS));
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

/** The points of the window, each with how long it stands: to the next point, or not at all before a gap. */
export function steps(points: readonly Point[], from: number, gap: number): Step[] {
  const found: Step[] = [];
  points.forEach(({ at, power }, i) => {
    const next = points[i + 1];
    const until = next && next.at - at <= gap ? next.at : at;
    if (until >= from) found.push({ at, power, until });
  });
  return found;
}

/** Whether a step begins where the one before it ends: what a line may join. */
export function joined(before: Step | undefined, step: Step): boolean {
  return before !== undefined && before.until > before.at && before.until === step.at;
}

/** Lowest and highest power of the window, for who cannot see the curve. */
export function extent(found: readonly Step[]): { low: number; high: number; gaps: number } | null {
  if (!found.length) return null;
  const seen = { low: Infinity, high: -Infinity, gaps: 0 };
  found.forEach(({ at, until, power }, i) => {
    seen.low = Math.min(seen.low, power);
    seen.high = Math.max(seen.high, power);
    if (until === at && i < found.length - 1) seen.gaps++;
  });
  return seen;
}

/** Zero is always in sight, and a quiet night is not blown up to look like a storm. */
export function range(low: number | null, high: number | null): [number, number] {
  const bottom = Math.min(0, low ?? 0);
  const top = Math.max(0, high ?? 0);
  const room = Math.max((top - bottom) * 0.1, 10);
  return [bottom < 0 ? bottom - room : 0, top > 0 || bottom === 0 ? top + room : 0];
}
