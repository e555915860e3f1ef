/** `custom:smart-meter-card`: what a smart meter says, live. */

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import uPlotStyle from "uplot/dist/uPlot.min.css?inline";
import { Chart, type Look } from "./chart";
import { Curve, type Extent, extent, gapAfter, LONGEST, steps } from "./curve";
import { number, power, value } from "./format";
import { meters, SmartMeterPanel } from "./panel";
import type { Config, Hass, Row, State } from "./types";
import { linkWord, words } from "./words";

const TYPE = "smart-meter-card";
const TODAY_EVERY = 60_000;
/** Milliseconds after which the curve moves on without a new reading; a meter that sends every second is not drawn twice. */
const DRAW_EVERY = 1250;
/** A meter that sends more seldom has no curve but points. */
const SELDOM = 60;

/** What of a state is laid out; where only the rest is new, it is written into its places. */
function layout({ meter, link, interval, power, energy, rows }: State): string {
  const seldom = (interval ?? 0) > SELDOM && interval;
  return JSON.stringify([meter, link, seldom, !power || power.export, energy, rows.map(({ key, name, number }) => [key, name, number])]);
}

/** Points outlive the card, so that another dashboard and back does not lose the curve. */
const curves = new Map<string, Curve>();

const POWER = html`<div class="power">
  <span class="arrow" aria-hidden="true" data-live="arrow"></span>
  <span class="number" data-live="number"></span>
  <span class="direction" data-live="direction"></span>
</div>`;

type Today = { import: number | null; export: number | null };

export class SmartMeterCard extends LitElement {
  static properties = { today: { state: true } };

  private config?: Config;
  private state: State | null = null;
  private laidOut = "";
  /** Where the values of a telegram stand, by the key of a row or the name of a place. */
  private places = new Map<string, Text[]>();
  private today: Today = { import: null, export: null };
  private chart?: Chart;
  private width = 0;
  private curve = new Curve();
  /** Home Assistant's clock minus this device's, in seconds. */
  private offset = 0;
  private timer?: number;
  private drawnAt = 0;
  private todayTimer?: number;
  private unsubscribe?: Promise<() => Promise<void>>;
  private observer?: ResizeObserver;
  private _hass?: Hass;
  /** A browser may throw a canvas away, most of all behind another tab: then nothing of it can move on. */
  private readonly redraw = { handleEvent: () => document.hidden || this.dropChart(), capture: true };

  static getStubConfig(hass: Hass): Partial<Config> {
    return { device: meters(hass)[0], minutes: LONGEST / 60 };
  }

  static getConfigForm(): object {
    const say = words(document.documentElement.lang);
    return {
      schema: [
        { name: "device", selector: { device: { integration: "smart_meter" } } },
        { name: "title", selector: { text: {} } },
        { name: "minutes", default: 5, selector: { number: { min: 1, max: 5, step: 1, mode: "slider" } } },
      ],
      computeLabel: (field: { name: "device" | "title" | "minutes" }) => say(`field_${field.name}`),
    };
  }

  setConfig(config: Config): void {
    const minutes = config.minutes ?? 5;
    if (!(minutes >= 1 && minutes <= 5)) throw new Error("minutes: 1 to 5");
    const before = this.config;
    this.config = config;
    if (before?.device !== config.device) this.restart();
    if (before?.minutes !== config.minutes) this.dropChart();
    this.requestUpdate();
  }

  set hass(hass: Hass) {
    const before = this._hass;
    this._hass = hass;
    if (before?.connection !== hass.connection || before?.language !== hass.language) this.restart();
    else if (before.themes !== hass.themes) this.dropChart();
  }

  getCardSize(): number {
    return 10;
  }

  getGridOptions(): object {
    return { columns: 12, min_columns: 6 };
  }

  connectedCallback(): void {
    super.connectedCallback();
    this.restart();
    this.timer = window.setInterval(() => this.moveOn(), DRAW_EVERY / 2);
    document.addEventListener("visibilitychange", this.redraw);
    this.todayTimer = window.setInterval(() => void this.askToday(), TODAY_EVERY);
    this.observer = new ResizeObserver(([entry]) => this.resize(Math.floor(entry!.contentRect.width)));
  }

  disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.redraw);
    clearInterval(this.todayTimer);
    this.observer?.disconnect();
    this.stop();
    this.dropChart();
  }

  private get language(): string {
    return this._hass?.language ?? "en";
  }

  private get minutes(): number {
    return this.config?.minutes ?? LONGEST / 60;
  }

  private restart(): void {
    this.stop();
    if (!this._hass || !this.config || !this.isConnected) return;
    this.dropChart();
    const { device } = this.config;
    const ask = { type: "smart_meter/subscribe", language: this.language, ...(device ? { device } : {}) };
    const told = this._hass.connection.subscribeMessage<State>((state) => this.take(state), ask);
    told.catch(() => this.take({ meter: null, link: "stopped", rows: [] }));
    this.unsubscribe = told;
  }

  private stop(): void {
    void this.unsubscribe?.then((end) => end()).catch(() => undefined);
    this.unsubscribe = undefined;
  }

  private take(state: State): void {
    const first = this.state?.meter?.id !== state.meter?.id;
    this.state = state;
    if (state.meter && first) {
      this.curve = curves.get(state.meter.id) ?? new Curve();
      curves.set(state.meter.id, this.curve);
      void this.askToday();
    }
    if (state.now) this.offset = state.now - Date.now() / 1000;
    if (state.meter && state.power) this.curve.add({ at: state.power.at, power: state.power.net });
    const laidOut = layout(state);
    if (this.laidOut !== laidOut) this.requestUpdate();
    else this.write();
    this.laidOut = laidOut;
  }

  /** Ask Home Assistant's own statistics how much it was since midnight. */
  private async askToday(): Promise<void> {
    const { energy } = this.state ?? {};
    if (!this._hass || !energy) return;
    const [drawn, fed] = await Promise.all([this.since(energy.import), this.since(energy.export)]);
    this.today = { import: drawn, export: fed };
  }

  private async since(entity: string | null): Promise<number | null> {
    if (!entity || !this._hass) return null;
    const ask = {
      type: "recorder/statistic_during_period",
      statistic_id: entity,
      calendar: { period: "day" },
      types: ["change"],
      units: { energy: "kWh" },
    };
    try {
      return (await this._hass.callWS<{ change?: number | null }>(ask)).change ?? null;
    } catch {
      return null; // Without the recorder there are no statistics; the card shows the rest.
    }
  }

  protected updated(_: PropertyValues): void {
    const place = this.place();
    if (place) this.observer?.observe(place);
    this.places.clear();
    for (const element of this.renderRoot.querySelectorAll<HTMLElement>("[data-live]")) {
      const text = (element.firstChild ?? element.appendChild(new Text())) as Text;
      const name = element.dataset.live!;
      this.places.set(name, [...(this.places.get(name) ?? []), text]);
    }
    this.write();
  }

  /** Write what a telegram told into its places, and draw it: laying all out anew would take several times as long. */
  private write(): void {
    const { state } = this;
    if (!state) return;
    const net = this.net();
    this.put("arrow", net ? (net > 0 ? "↓" : "↑") : "");
    this.put("number", net === null ? "–" : power(net, this.language));
    this.put("direction", this.direction());
    const absent = words(this.language)("absent");
    for (const row of state.rows) this.put(row.key, value(row, this.language) || absent);
    this.draw();
  }

  private put(name: string, text: string): void {
    for (const place of this.places.get(name) ?? []) if (place.data !== text) place.data = text;
  }

  private place(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".curve");
  }

  private resize(width: number): void {
    this.width = width;
    this.chart?.resize(width);
    if (!this.chart) this.draw();
  }

  /** The chart's colours are those of the theme it was made in. */
  private dropChart(): void {
    this.chart?.destroy();
    this.chart = undefined;
    this.requestUpdate();
  }

  private moveOn(): void {
    if (performance.now() - this.drawnAt >= DRAW_EVERY) this.draw();
  }

  private draw(): void {
    const place = this.place();
    if (!this.isConnected || !place) return;
    const now = Date.now() / 1000 + this.offset;
    const { points } = this.curve;
    const found = steps(points, gapAfter(points, this.state?.interval));
    const seen = extent(found, now - this.minutes * 60);
    const text = this.curveText(seen);
    if (place.ariaLabel !== text) place.ariaLabel = text;
    this.drawnAt = performance.now();
    if (!this.width) return;
    this.chart ??= this.newChart(place);
    this.chart.show(found, seen, now);
  }

  private newChart(place: HTMLElement): Chart {
    const { language } = this;
    return new Chart(place, this.width, this.minutes, this.look(), { language, now: words(language)("now") });
  }

  private look(): Look {
    const style = getComputedStyle(this);
    const of = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
    return {
      text: of("--primary-text-color", "#212121"),
      grid: of("--divider-color", "#e0e0e0"),
      drawn: of("--energy-grid-consumption-color", "#488fc2"),
      fed: of("--energy-grid-return-color", "#8353d1"),
      font: `12px ${style.fontFamily || "sans-serif"}`,
    };
  }

  protected render(): TemplateResult | typeof nothing {
    if (!this.config || !this.state) return nothing;
    const say = words(this.language);
    const { state } = this;
    return html`<ha-card>
      <h2>${this.config.title ?? state.meter?.name ?? say("title")}</h2>
      <p class="link ${state.link}" role="status">${say(linkWord(state.link))}</p>
      ${state.meter ? [POWER, this.renderCurve(), this.renderToday(), this.renderPhases(), this.renderRows()] : nothing}
    </ha-card>`;
  }

  private net(): number | null {
    return this.state?.link === "heard" ? (this.state.power?.net ?? null) : null;
  }

  private direction(): string {
    const net = this.net();
    const word = net === null ? "unknown" : net > 0 ? "import" : net < 0 ? "export" : "none";
    return words(this.language)(word);
  }

  private renderCurve(): TemplateResult {
    const say = words(this.language);
    const { minutes, state } = this;
    const seldom = (state?.interval ?? 0) > SELDOM;
    return html`<h3>${say("curve", { minutes })}</h3>
      <div class="curve" role="img" @contextrestored=${this.redraw}></div>
      <p class="key">
        <span><span class="box drawn"></span>+ ${say("import")}</span>
        ${state?.power && !state.power.export
          ? html`<em>${say("one_way")}</em>`
          : html`<span><span class="box fed"></span>− ${say("export")}</span>`}
        ${seldom ? html`<em>${say("curve_seldom", { minutes: Math.round(state!.interval! / 60) })}</em>` : nothing}
      </p>`;
  }

  private curveText(seen: Extent | null): string {
    const say = words(this.language);
    const { minutes } = this;
    if (!seen) return say("curve_empty", { minutes });
    const write = (watts: number) => number(String(Math.round(watts)), this.language);
    const now = `${this.direction()} ${this.net() === null ? "" : power(this.net()!, this.language)}`.trim();
    return say("curve_text", { now, minutes, low: write(seen.low), high: write(seen.high), gaps: seen.gaps });
  }

  private renderToday(): TemplateResult {
    const say = words(this.language);
    const { energy } = this.state!;
    const amount = (kwh: number | null) =>
      kwh === null ? say("today_pending") : `${number(String(kwh), this.language, 2)} kWh`;
    return html`<h3>${say("today")}</h3>
      <dl>
        ${energy?.import ? html`<div><dt>+ ${say("drawn")}</dt><dd>${amount(this.today.import)}</dd></div>` : nothing}
        ${energy?.export ? html`<div><dt>− ${say("fed")}</dt><dd>${amount(this.today.export)}</dd></div>` : nothing}
      </dl>`;
  }

  private renderPhases(): TemplateResult | typeof nothing {
    const say = words(this.language);
    const rows = new Map(this.state!.rows.map((row) => [row.key.replace(/^1-1:/, "1-0:"), row]));
    const phases = [32, 52, 72].map((code, i) => ({
      name: `L${i + 1}`,
      voltage: rows.get(`1-0:${code}.7.0`),
      current: rows.get(`1-0:${code - 1}.7.0`),
    }));
    const there = phases.filter((phase) => phase.voltage ?? phase.current);
    if (!there.length) return nothing;
    return html`<table class="phases">
      <caption>${say("phases")}</caption>
      <thead><tr><th scope="col">${say("phase")}</th><th scope="col">${say("voltage")}</th><th scope="col">${say("current")}</th></tr></thead>
      <tbody>
        ${there.map(
          (phase) => html`<tr><th scope="row">${phase.name}</th>${this.cell(phase.voltage)}${this.cell(phase.current)}</tr>`,
        )}
      </tbody>
    </table>`;
  }

  private cell(row: Row | undefined): TemplateResult {
    if (!row) return html`<td>${words(this.language)("absent")}</td>`;
    return html`<td><div class=${row.number ? "line" : ""} data-live=${row.key}></div></td>`;
  }

  private renderRows(): TemplateResult {
    const say = words(this.language);
    return html`<table class="values">
      <caption>${say("values")}</caption>
      <thead><tr><th scope="col">${say("quantity")}</th><th scope="col">${say("code")}</th><th scope="col">${say("value")}</th></tr></thead>
      <tbody>
        ${this.state!.rows.map(
          (row) => html`<tr data-key=${row.key}><th scope="row">${row.name}</th><td class="code">${row.key}</td>${this.cell(row)}</tr>`,
        )}
      </tbody>
    </table>`;
  }

  static styles = [
    unsafeCSS(uPlotStyle),
    css`
      :host { display: block; container-type: inline-size; color: var(--primary-text-color); }
      ha-card { display: block; padding: 16px; overflow: hidden; }
      h2 { font-size: 1.5em; font-weight: 400; margin: 0 0 4px; }
      h3, caption { font-size: 1em; font-weight: 500; margin: 16px 0 4px; padding: 0; text-align: start; }
      .link { margin: 0; color: var(--secondary-text-color); }
      .link.silent, .link.unreadable, .link.port, .link.stopped {
        color: var(--primary-text-color); border-inline-start: 4px solid var(--error-color, #db4437); padding-inline-start: 8px; font-weight: 500;
      }
      .power { margin-top: 12px; line-height: 1.2; }
      .number { font-size: 2.4em; font-variant-numeric: tabular-nums; }
      .arrow { font-size: 1.8em; }
      .direction { display: inline-block; font-size: 1.1em; }
      .curve { width: 100%; height: 180px; contain: strict; }
      .key { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 4px 0 0; font-size: 0.9em; }
      .key > span { display: flex; gap: 8px; align-items: center; }
      .box { flex: none; width: 1.4em; height: 1em; border: 1px solid var(--primary-text-color); }
      .box.drawn { background: color-mix(in srgb, var(--energy-grid-consumption-color, #488fc2) 45%, transparent); }
      .box.fed {
        background: repeating-linear-gradient(-45deg, var(--energy-grid-return-color, #8353d1) 0 2px, transparent 2px 5px);
      }
      dl { display: flex; flex-wrap: wrap; gap: 4px 32px; margin: 0; }
      dl div { display: flex; gap: 8px; }
      dd { margin: 0; font-variant-numeric: tabular-nums; font-weight: 500; }
      table { width: 100%; border-collapse: collapse; margin-top: 16px; table-layout: fixed; }
      caption { margin: 0; }
      th, td { text-align: start; font-weight: 400; padding: 6px 8px 6px 0; border-bottom: 1px solid var(--divider-color); overflow-wrap: anywhere; }
      thead th { color: var(--secondary-text-color); font-size: 0.85em; }
      td { font-variant-numeric: tabular-nums; }
      tr > :last-child { text-align: end; padding-inline-end: 0; }
      .code { color: var(--secondary-text-color); }
      /* A number that changes lays out its own line only, and not the table; where lines are short it may need two. */
      @container (min-width: 24em) {
        .line { height: 1lh; contain: layout size; }
        .power { height: 4.5em; contain: layout size; }
        .direction { display: block; }
      }
      @container (min-width: 36em) {
        .power { height: 3em; }
        .direction { display: inline-block; }
      }
      @container (max-width: 420px) { .values .code, .values th:nth-child(2):not([scope="row"]) { display: none; } }
      @container (min-width: 900px) {
        .power { height: 5em; }
        .number { font-size: 4em; }
      }
    `,
  ];
}

interface CustomCard {
  type: string;
  name: string;
  description: string;
  preview: boolean;
  documentationURL: string;
}

declare global {
  interface Window {
    customCards?: CustomCard[];
  }
}

/**
 * Home Assistant's frontend replaces the registry of elements while it starts, and what was defined before is lost to it;
 * so the card waits for the frontend's own element (that of a Cast receiver on a television).
 */
async function register(): Promise<void> {
  await Promise.race(["home-assistant", "hc-main"].map((name) => customElements.whenDefined(name)));
  if (!customElements.get(TYPE)) customElements.define(TYPE, SmartMeterCard);
  if (!customElements.get("smart-meter-panel")) customElements.define("smart-meter-panel", SmartMeterPanel);
}

const cards = (window.customCards ??= []);
if (!cards.some((card) => card.type === TYPE)) {
  const say = words(document.documentElement.lang);
  cards.push({
    type: TYPE,
    name: say("title"),
    description: say("description"),
    preview: true,
    documentationURL: "https://github.com/smart-meter-home/smart-meter/blob/main/docs/card.md",
  });
}
void register();
