import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    lib: { entry: "src/card.ts", formats: ["es"], fileName: () => "smart-meter-card.js" },
    outDir: "../custom_components/smart_meter/frontend",
    emptyOutDir: false,
    target: "es2022",
  },
  test: { environment: "jsdom", include: ["test/*.test.ts"] },
});
