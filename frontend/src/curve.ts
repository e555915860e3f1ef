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
  points: Point[] = [];

  /** Take a point; one that is already there, or older than the newest, is nothing new. */
  add(point: Point): boolean {
    const last = this.points.at(-1);
    if (!Number.isFinite(point.power) || (last && point.at <= last.at)) return false;
    const oldest = Math.max(0, this.points.length - MOST_POINTS + 1);
    this.points = [...this.points.slice(oldest).filter((p) => p.at >= point.at - LONGEST), point];
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
  points.forEach((point, i) => {
    const next = points[i + 1];
    const until = next && next.at - point.at <= gap ? next.at : point.at;
    if (until >= from) found.push({ ...point, until });
  });
  return found;
}

/** The steps in runs, within which each begins where the one before it ends: what a line may join. */
export function runs(found: readonly Step[]): Step[][] {
  const all: Step[][] = [];
  let joined = NaN;
  for (const step of found) {
    if (step.at === joined) all.at(-1)!.push(step);
    else all.push([step]);
    joined = step.until > step.at ? step.until : NaN;
  }
  return all;
}

/** Lowest and highest power of the window, for who cannot see the curve. */
export function extent(found: readonly Step[]): { low: number; high: number; gaps: number } | null {
  if (!found.length) return null;
  const powers = found.map((step) => step.power);
  const gaps = found.slice(0, -1).filter((step) => step.until === step.at).length;
  return { low: Math.min(...powers), high: Math.max(...powers), gaps };
}

/** Zero is always in sight, and a quiet night is not blown up to look like a storm. */
export function range(low: number | null, high: number | null): [number, number] {
  const bottom = Math.min(0, low ?? 0);
  const top = Math.max(0, high ?? 0);
  const room = Math.max((top - bottom) * 0.1, 10);
  return [bottom < 0 ? bottom - room : 0, top > 0 || bottom === 0 ? top + room : 0];
}
