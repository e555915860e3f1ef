/** Draws the curve: a stepped line, filled plainly above zero (drawn) and hatched below it (fed in). */

import uPlot from "uplot";
import { columns, range, type Step } from "./curve";

export interface Look {
  text: string;
  grid: string;
  drawn: string;
  fed: string;
  font: string;
}

const HEIGHT = 180;
const HATCH = 8;

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
          { ...axis, space: 90, values: (_, ticks) => ticks.map((tick) => clock.format(tick * 1000)) },
          { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => watts.format(tick)) },
        ],
        series: [
          {},
          {
            stroke: look.text,
            width: 1.5,
            spanGaps: false,
            paths: uPlot.paths.stepped!({ align: 1 }),
            points: { show: true, size: 4, fill: look.text, width: 0 },
          },
        ],
        hooks: { drawAxes: [(plot) => this.fill(plot)] },
      },
      [[], []],
      parent,
    );
  }

  /** Show these steps in the window of so many seconds that ends now. */
  show(found: readonly Step[], now: number, seconds: number): void {
    this.found = found;
    this.plot.batch(() => {
      this.plot.setData(columns(found) as uPlot.AlignedData, false);
      this.plot.setScale("x", { min: now - seconds, max: now });
    });
  }

  resize(width: number): void {
    if (width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  destroy(): void {
    this.plot.destroy();
  }

  private fill(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const zero = plot.valToPos(0, "y", true);
    this.hatch ??= pattern(ctx, this.look.fed);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const step of this.found) {
      const left = plot.valToPos(step.at, "x", true);
      const right = plot.valToPos(step.until, "x", true);
      const top = plot.valToPos(step.power, "y", true);
      ctx.globalAlpha = step.power < 0 ? 1 : 0.45;
      ctx.fillStyle = step.power < 0 ? (this.hatch ?? this.look.fed) : this.look.drawn;
      ctx.fillRect(left, top, right - left, zero - top);
    }
    ctx.globalAlpha = 1;
    ctx.fillStyle = this.look.text;
    ctx.fillRect(bbox.left, zero, bbox.width, 1);
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
