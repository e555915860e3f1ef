/** The curve: uPlot draws the axes and their scales, `Bars` what stands between them. */

import uPlot from "uplot";
import { Bars, type Colours, type View } from "./bars";
import { type Extent, range, type Step } from "./curve";

export interface Look extends Colours {
  grid: string;
  font: string;
}

/** How the axis of time is written: seconds or minutes before now. */
export interface Wording {
  language: string;
  now: string;
}

const HEIGHT = 180;

export class Chart {
  private readonly plot: uPlot;
  private readonly bars: Bars;
  private readonly seconds: number;
  private found: readonly Step[] = [];
  private now = 0;
  private scale: readonly [number, number] = range(null);

  constructor(parent: HTMLElement, width: number, minutes: number, look: Look, { language, now }: Wording) {
    const watts = new Intl.NumberFormat(language);
    const [unit, length, incrs] = minutes > 1 ? ["min", 60, [60, 120, 300]] as const : ["s", 1, [15, 30, 60]] as const;
    const before = (tick: number) => (tick ? `−${watts.format(-tick / length)} ${unit}` : now);
    const axis = { stroke: look.text, font: look.font, grid: { stroke: look.grid, width: 1 }, ticks: { show: false } };
    this.seconds = minutes * 60;
    this.plot = new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [-this.seconds, 0] }, y: { range: () => [...this.scale] } },
        axes: [
          { ...axis, size: 30, gap: 10, space: 60, incrs: [...incrs], values: (_, ticks) => ticks.map(before) },
          { ...axis, size: 64, space: 30, values: (_, ticks) => ticks.map((tick) => watts.format(tick)) },
        ],
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: {
          drawAxes: [({ ctx, bbox }) => {
            ctx.save();
            ctx.fillStyle = look.text;
            ctx.fillRect(bbox.left, bbox.top + this.view().zero, bbox.width, 1);
            ctx.restore();
          }],
          draw: [() => this.paint()],
        },
      },
      [[-this.seconds, 0], [null, null]],
      parent,
    );
    const canvas = document.createElement("canvas");
    this.plot.under.append(canvas);
    this.bars = new Bars(canvas, look);
  }

  /** Show these steps in the window that ends now. */
  show(found: readonly Step[], seen: Extent | null, now: number): void {
    this.found = found;
    this.now = now;
    const [min, max] = range(seen);
    if (min === this.scale[0] && max === this.scale[1]) return this.paint();
    this.scale = [min, max];
    this.plot.setScale("y", { min, max });
  }

  resize(width: number): void {
    if (width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  destroy(): void {
    this.plot.destroy();
  }

  private paint(): void {
    if (this.now) this.bars.show(this.found, this.now, this.view());
  }

  private view(): View {
    const { width, height } = this.plot.bbox;
    const [min, max] = this.scale;
    const perWatt = -height / (max - min);
    return { width, height, perSecond: width / this.seconds, zero: Math.round(-max * perWatt), perWatt, ratio: devicePixelRatio };
  }
}
