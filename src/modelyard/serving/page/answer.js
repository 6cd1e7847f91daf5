// What the model says: a sentence, bars of probabilities, and objects over their image.
import { breakable, element } from "./dom.js";
import { colour, showObjects } from "./objects.js";

const SHOWN = 10; // rows of a table
const SMALL = 128; // pixels a side: of smaller images the pixels are shown
const DIGITS = 6; // of a number
const LIKELY = 0.5; // of one of several labels
const OBJECTS = ["object_detection", "instance_segmentation"];
const at = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)} %`;

const HIDDEN = ["annotated", "error", "figure", "answers", "more", "note"];

// Show no answer; `said` stands in its place.
export function nothing(said = "") {
  for (const id of HIDDEN) at(id).hidden = true;
  at("summary").textContent = said;
  at("summary").classList.add("none");
}

// Bring the answer onto the screen where it begins below its middle, as on a phone.
export function reveal() {
  const { top } = at("answer").getBoundingClientRect();
  if (top >= 0 && top < innerHeight / 2) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  at("answer").scrollIntoView({ block: "start", behavior: still ? "instant" : "smooth" });
}

// Show an answer of the server; `label` is what the annotations say of the example, if they do.
export function show(model, { width, height, predictions, ...more }, label) {
  const objects = OBJECTS.includes(model.task);
  const [first] = predictions;
  nothing(objects ? counted(predictions) : summary(model, predictions));
  at("summary").classList.remove("none");
  at("annotated").hidden = label === undefined;
  at("annotated").textContent = `The test data says: ${label}`;
  const rows = first && "value" in first ? [] : predictions;
  at("rows").replaceChildren(...rows.slice(0, SHOWN).map((one) => row(model, one)));
  at("answers").hidden = !rows.length;
  const hidden = rows.slice(SHOWN);
  at("more").hidden = !hidden.length;
  if (hidden.length) {
    at("more").textContent = `and ${hidden.length} more, none above ${percent(hidden[0].probability)}`;
  }
  at("note").textContent = note(more);
  at("note").hidden = !note(more);
  if (!width) return;
  at("picture").classList.toggle("small", Math.max(width, height) <= SMALL);
  at("figure").style.width = `calc(${objects ? "60vh" : "var(--picture)"} * ${width / height})`;
  at("frame").style.aspectRatio = `${width} / ${height}`; // before the picture is there
  if (objects) showObjects(model.classes, predictions, width, height);
}

function summary({ output }, predictions) {
  const [first] = predictions;
  if ("value" in first) return `${first.target} = ${Number(first.value.toPrecision(DIGITS))}`;
  if (output.activation !== "labels") return `${first.class}, ${percent(first.probability)}`;
  const likely = predictions.filter((one) => one.probability >= LIKELY);
  return likely.map((one) => one.class).join(", ") || `Nothing above ${percent(LIKELY)}`;
}

function note({ unknown, cut_after_tokens }) {
  if (unknown) return `The model does not know the value of ${unknown.join(", ")}.`;
  return cut_after_tokens ? `Only the first ${cut_after_tokens} tokens were looked at.` : "";
}

function counted(found) {
  if (!found.length) return "No object found";
  const names = found.map((one) => one.class).join(", ");
  return `${found.length} object${found.length > 1 ? "s" : ""}: ${names}`;
}

function row(model, one) {
  const [made, label, cell, track, bar, share] = ["tr", "th", "td", "div", "div", "td"].map((name) =>
    element(name),
  );
  label.append(...breakable(one.class));
  label.scope = "row";
  cell.className = "track";
  bar.style.width = `${100 * one.probability}%`;
  if (one.box) made.style.setProperty("--class", colour(model.classes, one.class));
  share.textContent = percent(one.probability);
  track.append(bar);
  cell.append(track);
  made.append(label, cell, share);
  return made;
}
