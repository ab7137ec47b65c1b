// Bundles scripts and styles into ../static/dist, names them by their content, and writes manifest.json (plain name -> built name).
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { build } from "esbuild";

const OUT = new URL("../static/dist/", import.meta.url).pathname;
const ENTRIES = ["src/js/theme.js", "src/js/console.js", "src/js/charts.js", "src/css/console.css"];

const result = await build({
  absWorkingDir: new URL(".", import.meta.url).pathname,
  entryPoints: ENTRIES,
  outdir: "out",
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: ["chrome123", "firefox121", "safari17.5"],
  legalComments: "none",
  logLevel: "warning",
});

const named = (name, bytes) => {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  return `${basename(name, extname(name))}-${hash}${extname(name)}`;
};

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const files = result.outputFiles.map((f) => [basename(f.path), f.contents]);
files.push(["icon.svg", await readFile(new URL("src/icon.svg", import.meta.url))]);
const manifest = {};
for (const [name, bytes] of files) {
  manifest[name] = named(name, bytes);
  await writeFile(OUT + manifest[name], bytes);
}
await writeFile(`${OUT}manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
