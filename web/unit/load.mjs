// Modules of src for tests, bundled so that Node.js reads them.
import { build } from "esbuild";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// What modules look at when they are loaded.
const browser = "globalThis.window ??= { matchMedia: () => ({ matches: false, addEventListener() {} }) };";

/** load returns what a module of src exports. */
export async function load(name) {
  const folder = await mkdtemp(join(tmpdir(), "pcparchive-web-")), outfile = join(folder, "module.mjs");
  try {
    await build({ entryPoints: [new URL(`../src/${name}.ts`, import.meta.url).pathname], bundle: true, format: "esm", outfile, logLevel: "silent", banner: { js: browser } });
    return await import(outfile);
  } finally {
    await rm(folder, { recursive: true });
  }
}
