import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { State } from "../src/types";

type Card = HTMLElement & {
  setConfig(config: object): void;
  hass: object;
  updateComplete: Promise<boolean>;
};

const state: State = {
  meter: { id: "123", name: "House", number: "123" },
  link: "heard",
  now: 1000,
  heard: 1000,
  interval: 5,
  power: { at: 1000, net: -420, export: true },
  energy: { import: "sensor.in", export: null },
  rows: [
    { key: "1-0:1.8.0", name: "Energy import", value: "12937", number: true, unit: "Wh" },
    { key: "1-0:32.7.0", name: "Voltage L1", value: "233.1", number: true, unit: "V" },
    { key: "1-0:31.7.0", name: "Current L1", value: null, number: true, unit: "A" },
  ],
};

class NoObserver {
  observe(): void {}
  disconnect(): void {}
}

let tell: (state: State) => void;
const unsubscribe = vi.fn(async () => undefined);
const subscribeMessage = vi.fn(async (callback: (state: State) => void, _ask: object) => {
  tell = callback;
  return unsubscribe;
});

async function card(language = "en", config = {}): Promise<Card> {
  const element = document.createElement("smart-meter-card") as Card;
  element.setConfig({ type: "custom:smart-meter-card", ...config });
  element.hass = { language, connection: { subscribeMessage }, callWS: async () => ({ change: 3.456 }) };
  document.body.append(element);
  await Promise.resolve();
  tell(state);
  await new Promise((done) => setTimeout(done));
  await element.updateComplete;
  return element;
}

const text = (element: Card) => element.shadowRoot!.textContent!.replace(/\s+/g, " ");

beforeAll(async () => {
  vi.stubGlobal("ResizeObserver", NoObserver);
  vi.stubGlobal("matchMedia", () => ({ addEventListener() {}, removeEventListener() {} }));
  await import("../src/card");
  expect(customElements.get("smart-meter-card")).toBeUndefined();
  customElements.define("home-assistant", class extends HTMLElement {});
  await customElements.whenDefined("smart-meter-card");
});
afterEach(() => {
  document.body.replaceChildren();
  vi.clearAllMocks();
});

describe("the card", () => {
  it("is offered in the card picker", () => {
    expect(window.customCards).toMatchObject([{ type: "smart-meter-card", preview: true }]);
  });

  it("shows values, direction in words and sign, and today", async () => {
    const shown = text(await card());
    for (const part of ["House", "12.937 kWh", "233.1 V", "not sent", "Feeding into the grid", "3.46 kWh"])
      expect(shown).toContain(part);
    expect(shown).toMatch(/[-−]420 W/);
  });

  it("speaks German", async () => {
    const shown = text(await card("de"));
    for (const part of ["Einspeisung ins Netz", "12,937 kWh", "Der Zähler ist zu hören"]) expect(shown).toContain(part);
    expect(subscribeMessage.mock.lastCall![1]).toMatchObject({ language: "de" });
  });

  it("tells the curve to who cannot see it", async () => {
    const label = (await card()).shadowRoot!.querySelector(".curve")!.getAttribute("aria-label");
    expect(label).toContain("Feeding into the grid");
    expect(label).toContain("-420");
  });

  it("shows no power of a silent meter, and says why", async () => {
    const element = await card();
    tell({ ...state, link: "silent", power: null, rows: state.rows.map((row) => ({ ...row, value: null })) });
    await element.updateComplete;
    const shown = text(element);
    expect(shown).toContain("The meter is silent");
    expect(shown).toContain("Power not known");
    expect(shown).not.toContain("233.1");
    expect(element.shadowRoot!.querySelector("[role=status]")!.textContent).toContain("silent");
  });

  it("writes what is new into the places there are, in each table", async () => {
    const element = await card();
    const cells = () => [...element.shadowRoot!.querySelectorAll("[data-live='1-0:32.7.0']")];
    const before = cells();
    const node = before[0]!.firstChild;
    tell({ ...state, rows: state.rows.map((row) => (row.value ? { ...row, value: "229.5" } : row)) });
    expect(cells().map((cell) => cell.textContent)).toEqual(["229.5 V", "229.5 V"]);
    expect(cells()).toEqual(before);
    expect(before[0]!.firstChild).toBe(node);
    tell({ ...state, power: { ...state.power!, at: 1005, net: 80 }, rows: [] });
    await element.updateComplete;
    expect(cells()).toEqual([]);
    expect(text(element)).toContain("Drawing from the grid");
    tell({ ...state, rows: [{ ...state.rows[1]!, key: "1-0:52.7.0" }, ...state.rows] });
    await element.updateComplete;
    expect(cells().map((cell) => cell.textContent)).toEqual(["233.1 V", "233.1 V"]);
    expect(element.shadowRoot!.querySelector("[data-key='1-0:52.7.0'] td:last-child")!.textContent).toBe("233.1 V");
  });

  it("asks for the meter it was given, and ends with its dashboard", async () => {
    const element = await card("en", { device: "abc" });
    expect(subscribeMessage.mock.lastCall![1]).toMatchObject({ type: "smart_meter/subscribe", device: "abc" });
    element.remove();
    await new Promise((done) => setTimeout(done));
    expect(unsubscribe).toHaveBeenCalled();
  });

  it("refuses a window longer than five minutes", () => {
    const element = document.createElement("smart-meter-card") as Card;
    expect(() => element.setConfig({ minutes: 6 })).toThrow();
  });

  it("is offered with the first meter and the whole window", () => {
    const made = customElements.get("smart-meter-card") as unknown as { getStubConfig(hass: object): object };
    const device = { id: "1", name: "A", identifiers: [["smart_meter", "123"]], disabled_by: null };
    expect(made.getStubConfig({ language: "en", devices: { 1: device } })).toEqual({ device: "1", minutes: 5 });
    expect(made.getStubConfig({ language: "en" })).toEqual({ device: undefined, minutes: 5 });
  });
});
