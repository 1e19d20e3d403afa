// Builds the page into serve/page/assets, or into the folder given as argument.
// The same sources give the same bytes.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { notice, packagesOf } from "./notice.mjs";

const web = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(web, "..", "serve", "page", "assets");

const packages = new Set();

/** bundle returns the bytes of a script or a style sheet with everything it imports. */
async function bundle(entry, define = {}) {
  const result = await build({
    entryPoints: [join(web, "src", entry)],
    absWorkingDir: web,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    define,
    external: ["./editor.js?*"],
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  for (const folder of packagesOf(result.metafile)) packages.add(folder);
  return Buffer.from(result.outputFiles[0].contents);
}

/** address returns the address of a file, which changes with its contents. */
function address(name, contents) {
  return `${name}?v=${createHash("sha256").update(contents).digest("hex").slice(0, 16)}`;
}

// The editor is a file of its own: only those who write PromQL wait for it.
const editor = await bundle("editor.ts");
const script = await bundle("main.ts", { EDITOR_ADDRESS: JSON.stringify("./" + address("editor.js", editor)) });
const style = await bundle("style.css");
const icon = readFileSync(join(web, "src", "icon.svg"));
const html = readFileSync(join(web, "src", "index.html"), "utf8")
  .replace("page.js", address("page.js", script))
  .replace("page.css", address("page.css", style))
  .replace("icon.svg", address("icon.svg", icon));

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const [name, contents] of Object.entries({
  "index.html": html, "page.js": script, "page.css": style, "editor.js": editor, "icon.svg": icon,
  "licenses.txt": notice(web, packages),
})) {
  writeFileSync(join(out, name), contents);
}
