import { defineConfig } from "vitest/config";

// Apart from vite.config.ts: a build for use is made without the development packages.
export default defineConfig({
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts"], restoreMocks: true },
});
