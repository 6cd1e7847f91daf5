// The page: takes what the model takes, asks the server, shows what it answers.
import { nothing, show } from "./answer.js";
import { startForm } from "./form.js";
import { startImage } from "./image.js";

const at = (id) => document.getElementById(id);
const RESIZED = {
  stretch: "others are stretched to it",
  pad: "others are padded to its proportions",
  crop: "of others it sees the middle",
};
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
async function ask(request, complain) {
  asked.abort();
  asked = new AbortController();
  try {
    show(model, await answerOf("predict", { method: "POST", signal: asked.signal, ...request }));
    return true;
  } catch (error) {
    if (error.name !== "AbortError") {
      nothing();
      complain(error);
    }
    return false;
  }
}

function complain(error) {
  at("error").textContent = error.message;
  at("error").hidden = false;
}

function* numbers(metrics, prefix = "") {
  for (const [name, value] of Object.entries(metrics)) {
    const words = `${prefix}${name.replace("val_", "").replaceAll("_", " ")}`;
    if (typeof value === "number") yield `${words} ${value.toPrecision(4)}`;
    else if (value && name !== "per_class") yield* numbers(value, `${words} `);
  }
}

function describe(kind) {
  const facts = {
    Task: model.task.replaceAll("_", " "),
    Input: kind.input(model.input),
    Classes: model.classes.join(", "),
    "Validation split": [...numbers(model.metrics.validation)].join(", "),
    "Test split": [...numbers(model.metrics.test)].join(", "),
    "SHA-256": model.sha256,
    "From a program": `${kind.program(model.input)} ${new URL("predict", location.href)}`,
  };
  for (const [name, value] of Object.entries(facts).filter(([, value]) => value)) {
    const [term, detail] = [document.createElement("dt"), document.createElement("dd")];
    [term.textContent, detail.textContent] = [name, value];
    detail.classList.toggle("code", ["SHA-256", "From a program"].includes(name));
    at("facts").append(term, detail);
  }
  document.title = `Try ${model.name}`;
  at("name").textContent = model.name;
  at("task").textContent = facts.Task;
  at("card").innerHTML = model.card_html ?? ""; // made by the server of Markdown without HTML
}

const model = await answerOf("model").catch(complain);
at("file").disabled = !model;
if (model) {
  const kind = KINDS[model.input.kind];
  describe(kind);
  at("given-title").textContent = kind.title;
  at("given").hidden = false;
  const clear = () => nothing((at("summary").textContent = kind.empty));
  clear();
  const start = model.input.kind === "image" ? startImage : startForm;
  start(model, (request, failed = complain) => ask(request, failed), clear);
}
