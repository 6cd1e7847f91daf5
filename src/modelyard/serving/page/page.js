// The page: takes an image or a drawing, asks the server, shows what it answers.
import { colour, showObjects } from "./objects.js";
import { startPad } from "./pad.js";

const SHOWN = 10; // rows of a table
const SMALL = 64; // pixels a side: images of this size can be drawn, and their pixels are shown
const at = (id) => document.getElementById(id);
const RESIZED = {
  stretch: "others are stretched to it",
  pad: "others are padded to its proportions",
  crop: "of others it sees the middle",
};
const percent = (share) => `${(100 * share).toFixed(1)} %`;
let model;
let asked = new AbortController();

function element(name, text = "", kind = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = kind;
  return made;
}

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

async function ask(image, caption) {
  asked.abort(); // only the latest image matters
  asked = new AbortController();
  const form = new FormData();
  form.append("image", image, "image");
  try {
    show(await answerOf("predict", { method: "POST", body: form, signal: asked.signal }));
    picture(image, caption);
  } catch (error) {
    if (error.name !== "AbortError") complain(error);
  }
}

function complain(error) {
  nothing();
  at("error").textContent = error.message;
  at("error").hidden = false;
}

function picture(image, caption) {
  URL.revokeObjectURL(at("picture").src);
  at("picture").src = URL.createObjectURL(image);
  at("picture").alt = caption;
  at("caption").textContent = caption;
  at("figure").hidden = false;
}

function nothing(summary = "") {
  for (const id of ["error", "figure", "answers", "more"]) at(id).hidden = true;
  at("summary").textContent = summary;
}

function show({ width, height, predictions }) {
  const objects = model.task !== "image_classification";
  nothing(objects ? counted(predictions) : likeliest(predictions));
  at("rows").replaceChildren(...predictions.slice(0, SHOWN).map(row));
  at("answers").hidden = !predictions.length;
  const hidden = predictions.slice(SHOWN);
  at("more").hidden = !hidden.length;
  if (hidden.length) {
    at("more").textContent = `and ${hidden.length} more, none above ${percent(hidden[0].probability)}`;
  }
  at("picture").classList.toggle("small", Math.max(width, height) <= 2 * SMALL);
  at("frame").style.maxWidth = `calc(${objects ? "60vh" : "9rem"} * ${width / height})`;
  if (objects) showObjects(model.classes, predictions, width, height);
}

function likeliest([first]) {
  return `${first.class}, ${percent(first.probability)}`;
}

function counted(found) {
  if (!found.length) return "No object found";
  const names = found.map((one) => one.class).join(", ");
  return `${found.length} object${found.length > 1 ? "s" : ""}: ${names}`;
}

function row(one) {
  const made = element("tr");
  const label = element("th", one.class);
  label.scope = "row";
  const cell = element("td", "", "track");
  const track = element("div");
  const bar = element("div");
  bar.style.width = `${100 * one.probability}%`;
  if (one.box) made.style.setProperty("--class", colour(model.classes, one.class));
  track.append(bar);
  cell.append(track);
  made.append(label, cell, element("td", percent(one.probability)));
  return made;
}

function* numbers(metrics, prefix = "") {
  for (const [name, value] of Object.entries(metrics)) {
    const words = `${prefix}${name.replace("val_", "").replaceAll("_", " ")}`;
    if (typeof value === "number") yield `${words} ${value.toPrecision(4)}`;
    else if (value && name !== "per_class") yield* numbers(value, `${words} `);
  }
}

function describe() {
  const { height, width, channels, resize, exif } = model.input;
  at("picture").style.imageOrientation = exif === "apply" ? "from-image" : "none"; // as boxes count
  const facts = {
    Task: model.task.replaceAll("_", " "),
    Input: `${width} × ${height} pixels, ${channels === 1 ? "grey" : "colour"}; ${RESIZED[resize]}`,
    Classes: model.classes.join(", "),
    "Validation split": [...numbers(model.metrics.validation)].join(", "),
    "Test split": [...numbers(model.metrics.test)].join(", "),
    "SHA-256": model.sha256,
    "From a program": `curl -F image=@file.png ${new URL("predict", location.href)}`,
  };
  for (const [name, value] of Object.entries(facts).filter(([, value]) => value)) {
    const code = ["SHA-256", "From a program"].includes(name) ? "code" : "";
    at("facts").append(element("dt", name), element("dd", value, code));
  }
  document.title = `Try ${model.name}`;
  at("name").textContent = model.name;
  at("task").textContent = facts.Task;
  at("card").innerHTML = model.card_html ?? ""; // made by the server of Markdown without HTML
}

function take(files) {
  const image = [...files].find((file) => file.type.startsWith("image/")) ?? files[0];
  if (image) ask(image, image.name);
}

function listen() {
  const { height, width, channels } = model.input;
  at("file").addEventListener("change", () => {
    take(at("file").files);
    at("file").value = ""; // the same file again is another question
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      at("drop").classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") take(event.dataTransfer.files);
    });
  }
  at("picture").addEventListener("error", () => {
    at("figure").hidden = true; // a format that the server knows and the browser does not
  });
  if (channels === 1 && Math.max(height, width) <= SMALL) {
    at("drawing").hidden = false;
    startPad(model.input, (image) => {
      if (image) ask(image, `Your drawing as the model sees it, ${width} × ${height} pixels`);
      else nothing("Nothing yet: give it an image.");
    });
  }
}

model = await answerOf("model").catch(complain);
at("file").disabled = !model;
if (model) {
  describe();
  listen();
}
