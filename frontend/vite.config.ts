import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    lib: { entry: "src/card.ts", formats: ["es"], fileName: () => "smart-meter-card.js" },
    outDir: "../custom_components/smart_meter/frontend",
    emptyOutDir: false,
    target: "es2022",
  },
  // The machine may be busy with other things.
  test: { environment: "jsdom", include: ["test/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
});
