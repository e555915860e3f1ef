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
  private hatch: CanvasPattern | null = null;

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
        hooks: { drawAxes: [(plot) => this.draw(plot)] },
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

  private draw(plot: uPlot): void {
    const { ctx, bbox, valToPos } = plot;
    const zero = Math.round(valToPos(0, "y", true));
    this.hatch ??= pattern(ctx, this.look.fed);
    ctx.save();
    ctx.globalAlpha = 0.45;
    ctx.fillStyle = this.look.drawn;
    const bars = this.bars(plot);
    for (const { left, right, level } of bars) if (level < zero) ctx.fillRect(left, level, right - left, zero - level);
    ctx.globalAlpha = 1;
    ctx.fillStyle = this.hatch ?? this.look.fed;
    for (const { left, right, level } of bars) if (level > zero) ctx.fillRect(left, zero, right - left, level - zero);
    ctx.fillStyle = this.look.text;
    ctx.fillRect(bbox.left, zero, bbox.width, 1);
    bars.forEach((bar, i) => outline(ctx, bar, bars[i - 1]));
    ctx.restore();
  }

  /** Where each step stands, in whole pixels: their edges need no smoothing, which is most of the work of painting. */
  private bars({ bbox, scales, valToPos }: uPlot): Bar[] {
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

function pattern(ctx: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  const size = HATCH * devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const pen = tile.getContext("2d");
  if (!pen) return null;
  pen.strokeStyle = colour;
  pen.lineWidth = size / 4;
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, "repeat");
}
