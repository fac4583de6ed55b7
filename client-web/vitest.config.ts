import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { DRIFTBELT_VERSION: JSON.stringify("test") },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { include: ["test/**/*.test.ts"] },
});
