import { defineConfig } from "vite";

// Old Android WebViews: es2017 and no code splitting. One bundle is also a rule of the house: Django's manifest storage
// hashes names a second time, so a chunk that imports the entry by Vite's name would load and start it twice.
export default defineConfig({
  base: "/static/",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: ["es2017", "chrome61"],
    cssTarget: "chrome61",
    assetsInlineLimit: 0,
    modulePreload: false,
    rollupOptions: {
      input: "src/main.ts",
      output: { inlineDynamicImports: true },
    },
  },
});
