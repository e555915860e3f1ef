/**
 * The picture of the steps: filled plainly above zero (drawn), hatched below it (fed in), with a line over both.
 *
 * Only what is new is drawn; what is there already moves on by whole pixels. For that each moment has its pixel, counted
 * since the epoch and not from the window's edge, so that a picture moved on is the same as one drawn anew.
 */

import { joined, type Step } from "./curve";

/** How time and power become pixels. */
export interface View {
  width: number;
  height: number;
  perSecond: number;
  /** Pixels from the top to zero, and for each watt above it: negative. */
  zero: number;
  perWatt: number;
  /** Pixels of the screen for one of the page. */
  ratio: number;
}

export interface Colours {
  text: string;
  drawn: string;
  fed: string;
}

const HATCH = 8;
const DOT = 4;
const THICK = 1.5;

/** A step in pixels of the canvas. */
interface Bar {
  left: number;
  right: number;
  level: number;
  joined: boolean;
  alone: boolean;
}

export class Bars {
  private readonly pen: CanvasRenderingContext2D | null;
  private gaps: CanvasPattern | null = null;
  private view?: View;
  private drawn: readonly Step[] = [];
  /** The pixel at the left edge, counted since the epoch. */
  private left = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly colours: Colours,
  ) {
    this.pen = canvas.getContext("2d");
  }

  /** Show the steps up to now, of all that the curve knows: what is older than the window is cut off by its edge. */
  show(found: readonly Step[], now: number, view: View): void {
    const { pen } = this;
    if (!pen) return;
    const left = Math.round(now * view.perSecond) - view.width;
    const begin = same(this.view, view) ? this.moved(pen, found, left) : null;
    if (begin === null) this.clear(pen, view);
    this.view = view;
    this.left = left;
    this.drawn = found;
    this.paint(pen, view, Math.max(begin ?? 0, 0));
  }

  /** Move the picture on; where what has to be drawn begins, or null where all has to be. */
  private moved(pen: CanvasRenderingContext2D, found: readonly Step[], left: number): number | null {
    const { width, perSecond, ratio } = this.view!;
    const shift = left - this.left;
    const first = firstNew(this.drawn, found);
    if (shift < 0 || shift >= width || first === null) return null;
    if (shift > 0) {
      pen.globalCompositeOperation = "copy";
      pen.drawImage(this.canvas, -shift, 0);
      pen.globalCompositeOperation = "source-over";
    }
    const changed = found[first] ? Math.round(found[first].at * perSecond) - left - reach(ratio) : width;
    return Math.min(changed, width - shift);
  }

  private clear(pen: CanvasRenderingContext2D, { width, height, ratio }: View): void {
    this.canvas.width = width;
    this.canvas.height = height;
    this.gaps = gaps(pen, Math.round(HATCH * ratio));
  }

  /** Draw anew what stands from a pixel of the canvas on. */
  private paint(pen: CanvasRenderingContext2D, view: View, begin: number): void {
    const { width, height, ratio } = view;
    if (begin >= width) return;
    pen.save();
    pen.beginPath();
    pen.rect(begin, 0, width - begin, height);
    pen.clip();
    pen.clearRect(begin, 0, width - begin, height);
    const bars = this.place(view, begin);
    this.fill(pen, view, bars);
    pen.fillStyle = this.colours.text;
    bars.forEach((bar, i) => outline(pen, bar, bars[i - 1], ratio));
    pen.restore();
  }

  /** Where each step stands, in whole pixels: their edges need no smoothing, which is most of the work of painting. */
  private place({ perSecond, zero, perWatt, ratio }: View, begin: number): Bar[] {
    const { drawn, left } = this;
    const x = (at: number) => Math.round(at * perSecond) - left;
    const first = drawn.findIndex(({ until }) => x(until) >= begin - reach(ratio));
    if (first < 0) return [];
    return drawn.slice(first).map((step, i) => ({
      left: x(step.at),
      right: x(step.until),
      level: Math.round(zero + step.power * perWatt),
      joined: joined(drawn[first + i - 1], step),
      alone: step.until === step.at,
    }));
  }

  /** All that is fed in is hatched at once: a pattern in each bar would take several times as long. */
  private fill(pen: CanvasRenderingContext2D, { width, height, zero, ratio }: View, bars: readonly Bar[]): void {
    pen.fillStyle = this.colours.fed;
    for (const { left, right, level } of bars) if (level > zero) pen.fillRect(left, zero, right - left, level - zero);
    if (this.gaps && bars.some(({ level }) => level > zero)) {
      // The hatching moves on with the picture.
      const moved = this.left % Math.round(HATCH * ratio);
      pen.translate(-moved, 0);
      pen.globalCompositeOperation = "destination-out";
      pen.fillStyle = this.gaps;
      pen.fillRect(0, zero, width + moved, height - zero);
      pen.globalCompositeOperation = "source-over";
      pen.translate(moved, 0);
    }
    pen.globalAlpha = 0.45;
    pen.fillStyle = this.colours.drawn;
    for (const { left, right, level } of bars) if (level < zero) pen.fillRect(left, level, right - left, zero - level);
    pen.globalAlpha = 1;
  }
}

function same(before: View | undefined, view: View): boolean {
  return before !== undefined && (Object.keys(view) as (keyof View)[]).every((key) => before[key] === view[key]);
}

/** The index of the first step that was not drawn so before, their number where all were, null where nothing is left. */
function firstNew(before: readonly Step[], found: readonly Step[]): number | null {
  const dropped = before.findIndex(({ at }) => at === found[0]?.at);
  if (dropped < 0) return null;
  const first = found.findIndex(({ until, power }, i) => {
    const old = before[dropped + i];
    return old?.until !== until || old.power !== power;
  });
  return first < 0 ? found.length : first;
}

/** How far what is drawn for a step goes beyond it, to either side. */
function reach(ratio: number): number {
  return Math.ceil((DOT * ratio) / 2);
}

/** The line over a bar, and to it from the one before; what stands alone and has no length is a dot. */
function outline(pen: CanvasRenderingContext2D, bar: Bar, before: Bar | undefined, ratio: number): void {
  const { left, right, level, joined, alone } = bar;
  const thick = Math.max(1, Math.floor(THICK * ratio));
  const dot = DOT * ratio;
  if (joined && before) pen.fillRect(left, Math.min(level, before.level), thick, Math.abs(level - before.level));
  if (!alone) pen.fillRect(left, level, right - left + thick, thick);
  else if (!joined) pen.fillRect(left - dot / 2, level - dot / 2, dot, dot);
}

/** What hatching leaves out: the pattern of all between its lines. */
function gaps(pen: CanvasRenderingContext2D, size: number): CanvasPattern | null {
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const line = tile.getContext("2d");
  if (!line) return null;
  line.fillRect(0, 0, size, size);
  line.globalCompositeOperation = "destination-out";
  line.lineWidth = size / 4;
  for (const shift of [-size, 0, size]) {
    line.moveTo(shift, size);
    line.lineTo(shift + size, 0);
  }
  line.stroke();
  return pen.createPattern(tile, "repeat");
}
