import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const { version } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8"));

/** Tells the service worker which files to keep, and of which build they are. */
function keptFiles(): Plugin {
  return {
    name: "kept-files",
    generateBundle(_, bundle) {
      const worker = bundle["service-worker.js"];
      if (worker?.type !== "chunk") this.error("the build has no service worker");
      const files = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
      const build = createHash("sha256").update(files.sort().join()).digest("hex").slice(0, 16);
      const constants = { DRIFTBELT_BUILD: build, DRIFTBELT_FILES: files };
      for (const [name, value] of Object.entries(constants))
        worker.code = `const ${name}=${JSON.stringify(value)};\n${worker.code}`;
    },
  };
}

const FIRST_PARTS =
  /\/src\/(page|input|browser|locale\/(locale|english)|wasm\/\w+\.ts|ui\/(board|icons|keys|model|mutes|name|player-name|setting|settings|signals|lazy|verbatim-field)\.)/;

export default defineConfig({
  define: { DRIFTBELT_VERSION: JSON.stringify(version) },
  // Relative addresses: the server tells the page by a <base> where its root is.
  base: "./",
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: "index.html", "service-worker": "src/offline/service-worker.ts" },
      output: {
        // What the first visit and other pages share goes into one file: each file costs a request.
        codeSplitting: { groups: [{ name: "parts", test: FIRST_PARTS }] },
        // At the root, for all of which it answers.
        entryFileNames: ({ name }) =>
          name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js",
      },
    },
  },
  plugins: [keptFiles()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { host: "127.0.0.1", fs: { allow: [".."] } },
});
