import { describe, expect, it } from "vitest";
import { range } from "../src/curve";
import { number, power, thousandth, value } from "../src/format";
import { linkWord, words } from "../src/words";

const row = (text: string | null, unit: string | null, isNumber = true) => ({
  key: "1-0:1.8.0",
  name: "Energy",
  value: text,
  number: isNumber,
  unit,
});

describe("numbers", () => {
  it("keep the digits the meter sent", () => {
    expect(number("233.0", "en")).toBe("233.0");
    expect(number("1234567.891", "de")).toBe("1.234.567,891");
    expect(number("12345678901234567.5", "en")).toBe("12,345,678,901,234,567.5");
  });

  it("move by three places exactly", () => {
    expect(thousandth("12937")).toBe("12.937");
    expect(thousandth("-7")).toBe("-0.007");
    expect(thousandth("1234.5")).toBe("1.2345");
    expect(thousandth("1e9")).toBe("1e9");
  });

  it("have units; counters in thousands", () => {
    expect(value(row("12937", "Wh"), "en")).toBe("12.937 kWh");
    expect(value(row("233.1", "V"), "de")).toBe("233,1 V");
    expect(value(row("0.97", null), "en")).toBe("0.97");
    expect(value(row(null, "V"), "en")).toBe("");
    expect(value(row("hello", null, false), "en")).toBe("hello");
    expect(value(row("2026-03-01T12:00:00+01:00", null, false), "en")).toContain("2026");
  });

  it("tell the direction by their sign", () => {
    expect(power(1250, "en")).toBe("+1,250 W");
    expect(power(-1250, "en")).toMatch(/^[-−]1,250 W$/);
    expect(power(0, "en")).toBe("0 W");
  });
});

describe("words", () => {
  it("are there in five languages, English otherwise", () => {
    expect(words("de")("import")).toBe("Bezug aus dem Netz");
    expect(words("nl-BE")("import")).toBe("Afname van het net");
    expect(words("fr")("curve", { minutes: 5 })).toBe("Puissance des 5 dernières min, en W");
    expect(words("it")("import")).toBe("Prelievo dalla rete");
    expect(words("de-AT")("import")).toBe("Bezug aus dem Netz");
    expect(words("pl")("import")).toBe(words("en")("import"));
    expect(words("en")("curve", { minutes: 5 })).toBe("Power of the last 5 min in W");
    expect(words("en")(linkWord("silent"))).toContain("silent");
  });
});

describe("the scale", () => {
  it("always shows zero, with room", () => {
    expect(range(null)).toEqual([0, 10]);
    expect(range({ low: 200, high: 1000 })[0]).toBe(0);
    expect(range({ low: -500, high: -100 })[0]).toBeLessThan(-500);
    expect(range({ low: -500, high: -100 })[1]).toBe(0);
    expect(range({ low: -5, high: 5 })[1]).toBeGreaterThan(5);
  });

  it("shows everything, and leaves no more than a third empty", () => {
    for (let watts = 200; watts < 1e6; watts *= 1.07) {
      const [bottom, top] = range({ low: -watts, high: watts });
      expect(top).toBe(-bottom);
      expect(top).toBeGreaterThan(watts);
      expect(top).toBeLessThan(watts * 1.5);
    }
  });

  it("changes seldom, so that the curve is seldom drawn anew", () => {
    const tops = new Set(Array.from({ length: 1000 }, (_, i) => range({ low: 0, high: 1000 + i })[1]));
    expect(tops.size).toBeLessThan(6);
  });
});
