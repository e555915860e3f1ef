/** Draws the curve: a stepped line, filled plainly above zero (drawn) and hatched below it (fed in). */

import uPlot from "uplot";
import { joined, range, type Step } from "./curve";

export interface Look {
  text: string;
  grid: string;
  drawn: string;
  fed: string;
  font: string;
}

const HEIGHT = 180;
const HATCH = 8;
const DOT = 4 * devicePixelRatio;
const THICK = Math.max(1, Math.floor(1.5 * devicePixelRatio));

/** A step in pixels of the canvas. */
interface Bar {
  left: number;
  right: number;
  level: number;
  joined: boolean;
  alone: boolean;
}

export class Chart {
  private plot: uPlot;
  private found: readonly Step[] = [];
  private bars: readonly Bar[] = [];
  private gaps: CanvasPattern | null = null;

  constructor(
    parent: HTMLElement,
    width: number,
    private look: Look,
    language: string,
  ) {
    const clock = (to: object) => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", ...to });
    const [minutes, seconds] = [clock({}), clock({ second: "2-digit" })];
    const watts = new Intl.NumberFormat(language);
    const axis = { stroke: look.text, font: look.font, grid: { stroke: look.grid, width: 1 }, ticks: { show: false } };
    this.plot = new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: true, auto: false }, y: { range: (_, low, high) => range(low, high) } },
        axes: [
          {
            ...axis,
            size: 30,
            space: 90,
            incrs: [15, 30, 60, 120, 300],
            values: (_, ticks, __, ___, step) => ticks.map((tick) => (step < 60 ? seconds : minutes).format(tick * 1000)),
          },
          { ...axis, size: 64, space: 30, values: (_, ticks) => ticks.map((tick) => watts.format(tick)) },
        ],
        series: [
          {},
          {
            paths: () => null,
            points: { show: false },
          },
        ],
        hooks: { drawClear: [(plot) => this.fill(plot)], drawAxes: [(plot) => this.line(plot)] },
      },
      [[], []],
      parent,
    );
  }

  /** Show these steps in the window of so many seconds that ends now. */
  show(found: readonly Step[], now: number, seconds: number): void {
    this.found = found;
    this.plot.batch(() => {
      this.plot.setData([found.map((step) => step.at), found.map((step) => step.power)], false);
      this.plot.setScale("x", { min: now - seconds, max: now });
    });
  }

  resize(width: number): void {
    if (width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  destroy(): void {
    this.plot.destroy();
  }

  /** All that is fed in is hatched at once: a pattern in each bar would take several times as long. */
  private fill(plot: uPlot): void {
    const { ctx, bbox } = plot;
    this.gaps ??= gaps(ctx);
    const bars = (this.bars = this.place(plot));
    const zero = zeroLine(plot);
    ctx.save();
    ctx.fillStyle = this.look.fed;
    for (const { left, right, level } of bars) if (level > zero) ctx.fillRect(left, zero, right - left, level - zero);
    if (this.gaps && bars.some(({ level }) => level > zero)) {
      ctx.globalCompositeOperation = "destination-out";
      ctx.fillStyle = this.gaps;
      ctx.fillRect(bbox.left, zero, bbox.width, bbox.top + bbox.height - zero);
      ctx.globalCompositeOperation = "source-over";
    }
    ctx.globalAlpha = 0.45;
    ctx.fillStyle = this.look.drawn;
    for (const { left, right, level } of bars) if (level < zero) ctx.fillRect(left, level, right - left, zero - level);
    ctx.restore();
  }

  private line(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.fillStyle = this.look.text;
    ctx.fillRect(bbox.left, zeroLine(plot), bbox.width, 1);
    this.bars.forEach((bar, i) => outline(ctx, bar, this.bars[i - 1]));
    ctx.restore();
  }

  /** Where each step stands, in whole pixels: their edges need no smoothing, which is most of the work of painting. */
  private place({ bbox, scales, valToPos }: uPlot): Bar[] {
    const zero = valToPos(0, "y", true);
    const perWatt = valToPos(1, "y", true) - zero;
    const begin = scales.x!.min!;
    const perSecond = bbox.width / (scales.x!.max! - begin);
    const x = (at: number) => Math.round(bbox.left + Math.max(at - begin, 0) * perSecond);
    return this.found.map((step, i) => ({
      left: x(step.at),
      right: x(step.until),
      level: Math.round(zero + step.power * perWatt),
      joined: joined(this.found[i - 1], step),
      alone: step.until === step.at,
    }));
  }
}

/** The line over a bar, and to it from the one before; what stands alone and has no length is a dot. */
function outline(ctx: CanvasRenderingContext2D, { left, right, level, joined, alone }: Bar, before?: Bar): void {
  if (joined) ctx.fillRect(left, Math.min(level, before!.level), THICK, Math.abs(level - before!.level));
  if (!alone) ctx.fillRect(left, level, right - left + THICK, THICK);
  else if (!joined) ctx.fillRect(left - DOT / 2, level - DOT / 2, DOT, DOT);
}

function zeroLine(plot: uPlot): number {
  return Math.round(plot.valToPos(0, "y", true));
}

/** What hatching leaves out: the pattern of all between its lines. */
function gaps(ctx: CanvasRenderingContext2D): CanvasPattern | null {
  const size = HATCH * devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const pen = tile.getContext("2d");
  if (!pen) return null;
  pen.fillRect(0, 0, size, size);
  pen.globalCompositeOperation = "destination-out";
  pen.lineWidth = size / 4;
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, "repeat");
}
