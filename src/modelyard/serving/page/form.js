// Texts, rows of a table, and arrays: a form, and what it sends.
import { reveal } from "./answer.js";
import { columnField } from "./columns.js";
import { release, showExamples } from "./gallery.js";

const at = (id) => document.getElementById(id);
const FEW = 100; // numbers of an example that is written out
const KEYS = "Ctrl+Enter predicts too.";
const ZEROS = { string: "", bool: false };

// By kind: the fields; what they send, as JSON; an example of it; what there is to know.
const FORMS = {
  text: () => {
    const area = textArea("Text", "Type or paste a text here", "");
    return {
      fields: [area],
      body: () => JSON.stringify({ text: area.value }),
      fill: ({ text }) => (area.value = text),
      keys: KEYS,
    };
  },
  table: ({ columns }) => {
    const fields = columns.map(columnField);
    const given = () => fields.map((one) => [one.name, one.value()]).filter(([, value]) => value !== null);
    const examples = columns.some((one) => one.example !== undefined && one.example !== null);
    return {
      fields: fields.map((one) => one.element),
      body: () => JSON.stringify(Object.fromEntries(given())),
      example: examples && (() => fields.forEach((one) => one.fill(one.example))),
      lacking: () => fields.find((one) => one.required && one.value() === null),
      named: (message) => longest(fields.filter((one) => isOf(one.name, message))),
      fill: (given) => fields.forEach((one) => one.fill(given[one.name])),
      help: "What is empty counts as missing.",
    };
  },
  arrays: ({ inputs }) => {
    const area = textArea("Example", "{ … }", "code");
    const specs = Object.entries(inputs);
    const few = specs.every(([, { shape }]) => shape.reduce((all, n) => all * (n ?? 1), 1) <= FEW);
    const blank = () => specs.map(([name, spec]) => [name, zeros(spec)]);
    return {
      fields: [area],
      body: () => area.value,
      example: few && (() => (area.value = written(blank()))),
      fill: (given) => (area.value = written(Object.entries(given))),
      help: "JSON with a value for each input.",
      keys: KEYS,
    };
  },
};

export function startForm(model, ask, clear, { examples }) {
  const { fields, body, example, fill, lacking, named, help = "", keys = "" } =
    FORMS[model.input.kind](model.input);
  const form = at("form");
  document.body.classList.add("forms");
  at("fields").append(...fields);
  at("form-help").textContent = help;
  at("form-keys").textContent = keys;
  at("example").hidden = !example || examples.length > 0; // which are better ones
  if (example) at("example").addEventListener("click", () => example());
  form.hidden = false;

  function complain({ message }) {
    const field = named?.(message);
    const place = field ? field.wrong : at("wrong");
    place.textContent = message.replace(`: ${model.how}`, ""); // which is for programs
    place.hidden = false;
    if (!field) return;
    field.control.setAttribute("aria-invalid", "true");
    field.control.focus();
  }

  function clean() {
    for (const one of form.querySelectorAll(".wrong")) one.hidden = true;
    for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  }

  async function send(more) {
    const headers = { "Content-Type": "application/json" };
    if (await ask({ body: body(), headers, ...more }, complain)) reveal();
  }

  showExamples(model.input, examples, async ({ label, given }) => {
    clean();
    fill(given);
    await send({ label });
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clean();
    release();
    const odd = [...form.elements].find((one) => one.validity.badInput); // its value would be ""
    if (odd) return complain({ message: `'${odd.name}' is not a ${odd.type}; correct or empty it.` });
    const empty = lacking?.();
    if (empty) return complain({ message: `'${empty.name}' is needed.` });
    await send();
  });
  form.addEventListener("reset", () => {
    clean();
    release();
    clear();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

// A message names a column in quotes, or begins with it; another may be a part of its name.
function isOf(name, message) {
  return message.includes(`'${name}'`) || message.startsWith(`${name} `);
}

function longest(fields) {
  return fields.sort((one, other) => other.name.length - one.name.length)[0];
}

function textArea(label, placeholder, kind) {
  const area = document.createElement("textarea");
  area.setAttribute("aria-label", label);
  area.placeholder = placeholder;
  area.className = kind;
  area.spellcheck = false;
  return area;
}

function written(entries) {
  const lines = entries.map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}`;
}

function zeros({ dtype, shape: [size, ...rest] }) {
  if (size === undefined) return ZEROS[dtype] ?? 0;
  return Array.from({ length: size ?? 1 }, () => zeros({ dtype, shape: rest }));
}
