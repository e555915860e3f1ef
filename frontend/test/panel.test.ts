import { expect, it } from "vitest";

it("shows a card for each of the integration's meters", async () => {
  const { meters } = await import("../src/panel");
  const device = (id: string, domain: string, name: string, disabled_by: string | null = null) => ({
    id,
    identifiers: [[domain, id]] as [string, string][],
    name,
    disabled_by,
  });
  const all = [
    device("a", "smart_meter", "House"),
    device("b", "other", "Lamp"),
    device("c", "smart_meter", "Flat"),
    device("d", "smart_meter", "Attic", "user"),
  ];
  const devices = Object.fromEntries(all.map((entry) => [entry.id, entry]));
  expect(meters({ language: "en", devices } as never)).toEqual(["c", "a"]);
  expect(meters({ language: "en" } as never)).toEqual([]);
});
