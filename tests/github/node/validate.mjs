// Prints what GitHub's own parser says of each workflow named, a line of JSON each.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

// The package imports JSON as Node once allowed.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return specifier.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
  },
});
const { validate } = await import("@actions/languageservice");
const { TextDocument } = await import("vscode-languageserver-textdocument");

for (const path of process.argv.slice(2)) {
  const text = readFileSync(path, "utf-8");
  const document = TextDocument.create(`file:///.github/workflows/${path.split("/").pop()}`, "yaml", 0, text);
  for (const found of await validate(document)) {
    const line = found.range.start.line + 1;
    process.stdout.write(JSON.stringify({ path, line, severity: found.severity, message: found.message }) + "\n");
  }
}
