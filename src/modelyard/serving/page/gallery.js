// Examples of the test data, to try with one click.
import { element } from "./dom.js";

const BEGINNING = 80; // characters of a text
const at = (id) => document.getElementById(id);
let pressed = null;

// `choose` is called with an example: its `label`, and `given`, as /predict takes it.
export function showExamples({ kind, width, height }, examples, choose) {
  if (!examples.length) return;
  const pictures = kind === "image";
  at("gallery").hidden = false;
  at("gallery-title").textContent = pictures ? "Or try an example" : "Try an example";
  at("examples").className = pictures ? "pictures" : kind === "text" ? "lines" : "chips";
  const made = examples.map((one, place) => {
    const [item, button] = [element("li"), element("button")];
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.append(...(pictures ? picture(one, Math.max(width, height)) : words(kind, one, numbered(examples, place))));
    button.addEventListener("click", () => {
      release();
      pressed = button;
      button.setAttribute("aria-pressed", "true");
      choose(one);
    });
    item.append(button);
    return item;
  });
  at("examples").append(...made);
}

// None of the examples is what is shown now.
export function release() {
  pressed?.setAttribute("aria-pressed", "false");
  pressed = null;
}

// Return the image that an example is, as a file.
export function imageOf({ png }) {
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}

function picture({ label, given }, longest) {
  const image = element("img");
  image.src = `data:image/png;base64,${given.png}`;
  image.alt = "";
  image.classList.toggle("small", longest <= 64);
  const name = element("span", label);
  name.title = label;
  return [image, element("span", "Example: ", "hidden"), name];
}

function words(kind, { label, given }, number) {
  const beginning = kind === "text" && given.text.slice(0, BEGINNING).replace(/\s+/g, " ").trim();
  return [element("strong", label), " ", element("span", beginning || number)];
}

// Return which of those with its label an example is; "" where it is the only one.
function numbered(examples, place) {
  const same = ({ label }) => label === examples[place].label;
  if (examples.filter(same).length === 1) return "";
  return String(examples.slice(0, place + 1).filter(same).length);
}
