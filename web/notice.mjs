// The licences of what the bundles contain, as their authors ask.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** packagesOf returns the folders of the packages that a bundle has code of. */
export function packagesOf(metafile) {
  const folders = new Set();
  for (const [file, { bytesInOutput }] of Object.values(metafile.outputs).flatMap((o) => Object.entries(o.inputs))) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
    if (found && bytesInOutput > 0) folders.add(found[1]);
  }
  return folders;
}

/** notice returns the names, versions and licences of packages; each text once. */
export function notice(web, folders) {
  const texts = new Map();
  for (const folder of [...folders].sort()) {
    const { name, version } = JSON.parse(readFileSync(join(web, folder, "package.json"), "utf8"));
    const file = readdirSync(join(web, folder)).find((f) => /^(licen[sc]e|copying)/i.test(f));
    if (!file || !existsSync(join(web, folder, file))) throw new Error(`${folder} has no licence`);
    const text = readFileSync(join(web, folder, file), "utf8").trim();
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version}`]);
  }
  return [...texts].map(([text, names]) => `${names.join(", ")}\n\n${text}\n`).join(`\n${"-".repeat(72)}\n\n`);
}
