// The page: takes what the model takes, asks the server, shows what it answers.
import { nothing, reveal, show } from "./answer.js";
import { breakable, element } from "./dom.js";
import { startForm } from "./form.js";
import { startImage } from "./image.js";

const at = (id) => document.getElementById(id);
const RESIZED = {
  stretch: "others are stretched to it",
  pad: "others are padded to its proportions",
  crop: "of others it sees the middle",
};
const CLASSES = 30; // that are listed
const json = (content) => `curl --json '${content.replaceAll("'", "'\\''")}'`;
// By kind: the title of what is given, what the answer says before there is one, what the model
// takes, and how a program asks.
const KINDS = {
  image: {
    title: "Image",
    empty: "Nothing yet: give it an image.",
    input: ({ width, height, channels, resize }) =>
      `${width} × ${height} pixels, ${channels === 1 ? "grey" : "colour"}; ${RESIZED[resize]}`,
    program: () => "curl -F image=@file.png",
  },
  text: {
    title: "Text",
    empty: "Nothing yet: give it a text.",
    input: () => "a text",
    program: () => json('{"text": "…"}'),
  },
  table: {
    title: "Row",
    empty: "Nothing yet: fill in the form.",
    input: ({ columns }) => columns.map((one) => `${one.name} (${one.type})`).join(", "),
    program: ({ columns }) =>
      json(JSON.stringify(Object.fromEntries(columns.map((one) => [one.name, one.example ?? null])))),
  },
  arrays: {
    title: "Example",
    empty: "Nothing yet: give it an example.",
    input: ({ inputs }) =>
      Object.entries(inputs)
        .map(([name, { dtype, shape }]) => `${name}: ${dtype} (${shape.map((n) => n ?? "any").join(", ")})`)
        .join("; "),
    program: () => "curl --json @example.json",
  },
};
let asked = new AbortController();

async function answerOf(url, options) {
  const response = await fetch(url, options).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer; is it still running?");
  });
  const said = await response.json().catch((error) => {
    if (error.name === "AbortError") throw error;
  });
  if (response.ok && said) return said;
  throw new Error(said?.error ?? `The answer is not JSON (status ${response.status}); try again later.`);
}

// Show what the model says of a request; tell whether it said something. A newer one wins.
// `label` is what the annotations say of it.
async function ask({ label, ...request }, complain) {
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  at("answer").setAttribute("aria-busy", "true");
  try {
    show(model, await answerOf(path("predict"), { method: "POST", signal, ...request }), label);
    return true;
  } catch (error) {
    if (error.name !== "AbortError") {
      nothing();
      complain(error);
    }
    return false;
  } finally {
    if (!signal.aborted) at("answer").setAttribute("aria-busy", "false");
  }
}

function complain(error) {
  at("error").textContent = error.message;
  at("error").hidden = false;
  reveal();
}

function* numbers(metrics, prefix = "") {
  for (const [name, value] of Object.entries(metrics)) {
    const words = `${prefix}${name.replace("val_", "").replaceAll("_", " ")}`;
    if (typeof value === "number") yield `${words} ${value.toPrecision(4)}`;
    else if (value && name !== "per_class") yield* numbers(value, `${words} `);
  }
}

function listed(names) {
  const more = names.length - CLASSES;
  return names.slice(0, CLASSES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function describe(kind) {
  const facts = {
    Task: model.task.replaceAll("_", " "),
    Input: kind.input(model.input),
    Classes: listed(model.classes),
    "Validation split": [...numbers(model.metrics.validation)].join(", "),
    "Test split": [...numbers(model.metrics.test)].join(", "),
    "SHA-256": model.sha256,
    "From a program": `${kind.program(model.input)} ${new URL(path("predict"), document.baseURI)}`,
  };
  for (const [name, value] of Object.entries(facts).filter(([, value]) => value)) {
    const kind = ["SHA-256", "From a program"].includes(name) ? "code" : "";
    at("facts").append(element("dt", name), element("dd", value, kind));
  }
  document.title = `Try ${model.name}`;
  at("name").replaceChildren(...breakable(model.name));
  at("task").textContent = facts.Task;
  at("card").innerHTML = model.card_html ?? ""; // made by the server of Markdown without HTML
}

// Let people choose among several models: the page of each has an address of its own.
function offer(models, name) {
  at("models").append(...models.map((one) => element("option", one.name)));
  at("models").value = name;
  at("models").addEventListener("change", () => {
    location.search = new URLSearchParams({ model: at("models").value });
  });
  at("choice").hidden = models.length < 2;
}

const { models } = await answerOf("models").catch(() => ({ models: [] }));
const wished = new URLSearchParams(location.search).get("model");
const chosen = models.find((one) => one.name === wished) ?? models[0];
const own = chosen && chosen !== models[0] ? `models/${encodeURIComponent(chosen.name)}` : "";
const path = (what) => (own ? `${own}/${what}` : what);
if (chosen) offer(models, chosen.name);
const model = await answerOf(own || "model").catch(complain);
at("file").disabled = !model;
if (model) {
  const kind = KINDS[model.input.kind];
  describe(kind);
  at("given-title").textContent = kind.title;
  at("given").hidden = false;
  const clear = () => nothing((at("summary").textContent = kind.empty));
  clear();
  const start = model.input.kind === "image" ? startImage : startForm;
  const data = await answerOf(path("examples")).catch(() => ({ examples: [] })); // nice to have
  start(model, (request, failed = complain) => ask(request, failed), clear, data);
}
