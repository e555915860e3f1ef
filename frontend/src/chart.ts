/** Draws the curve: a stepped line, filled plainly above zero (drawn) and hatched below it (fed in). */

import uPlot from "uplot";
import { range, runs, type Step } from "./curve";

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

export class Chart {
  private plot: uPlot;
  private found: readonly Step[] = [];
  private hatch: CanvasPattern | null = null;
  private line?: Path2D;
  private drawn?: Path2D;
  private fed?: Path2D;
  private dots?: Path2D;

  constructor(
    parent: HTMLElement,
    width: number,
    private look: Look,
    language: string,
  ) {
    const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
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
          { ...axis, space: 120, values: (_, ticks) => ticks.map((tick) => clock.format(tick * 1000)) },
          { ...axis, size: 64, space: 40, values: (_, ticks) => ticks.map((tick) => watts.format(tick)) },
        ],
        series: [
          {},
          {
            stroke: look.text,
            width: 1.5,
            paths: () => ({ stroke: this.line, flags: 0 }),
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
    this.trace(plot);
    this.fill(plot);
  }

  /** Turn the steps into paths: areas, and a line for each run; a step that stands alone and has no length is a dot. */
  private trace({ bbox, scales, valToPos }: uPlot): void {
    const zero = valToPos(0, "y", true);
    const begin = scales.x!.min!;
    const perSecond = bbox.width / (scales.x!.max! - begin);
    const perWatt = valToPos(1, "y", true) - zero;
    this.line = new Path2D();
    this.drawn = new Path2D();
    this.fed = new Path2D();
    this.dots = new Path2D();
    for (const run of runs(this.found)) {
      for (const { at, until, power } of run) {
        const left = bbox.left + (Math.max(at, begin) - begin) * perSecond;
        const right = bbox.left + (until - begin) * perSecond;
        const level = zero + power * perWatt;
        (power < 0 ? this.fed : this.drawn).rect(left, zero, right - left, level - zero);
        if (at === run[0]!.at) this.line.moveTo(left, level);
        else this.line.lineTo(left, level);
        this.line.lineTo(right, level);
        if (run.length === 1 && until === at) this.dots.rect(left - DOT / 2, level - DOT / 2, DOT, DOT);
      }
    }
  }

  private fill({ ctx, bbox, valToPos }: uPlot): void {
    this.hatch ??= pattern(ctx, this.look.fed);
    ctx.save();
    ctx.globalAlpha = 0.45;
    ctx.fillStyle = this.look.drawn;
    ctx.fill(this.drawn!);
    ctx.globalAlpha = 1;
    ctx.fillStyle = this.hatch ?? this.look.fed;
    ctx.fill(this.fed!);
    ctx.fillStyle = this.look.text;
    ctx.fill(this.dots!);
    ctx.fillRect(bbox.left, valToPos(0, "y", true), bbox.width, 1);
    ctx.restore();
  }
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
