// A field for each column of a table: a number, a choice, yes or no, a date.
import { breakable, element } from "./dom.js";

const MAKERS = { number, category, boolean, date };
const ISO = "%Y-%m-%d";
let made = 0;

// Return the field of a column: its element, its control, and `value`, null where it is empty.
export function columnField({ name, type, format, required, choices, example }) {
  const id = `column-${made++}`;
  const control = (MAKERS[type] ?? category)({ id, format, choices });
  control.id = id;
  control.name = name;
  control.autocomplete = "off";
  if (required) control.setAttribute("aria-required", "true");
  const label = element("label");
  label.append(...breakable(name));
  label.htmlFor = id;
  if (!required) label.append(element("span", "may be missing", "quiet"));
  const wrong = element("p", "", "wrong");
  wrong.setAttribute("role", "alert");
  wrong.id = `${id}-wrong`;
  wrong.hidden = true;
  control.setAttribute("aria-describedby", wrong.id);
  const whole = element("div", "", "field");
  whole.append(label, control, ...(control.choices ? [control.choices] : []), wrong);
  const known = example !== undefined && example !== null;
  if (known && control.placeholder !== undefined) control.placeholder = `such as ${example}`;
  return {
    name,
    required,
    example,
    control,
    wrong,
    element: whole,
    value: () => (control.value.trim() === "" ? null : control.read(control.value)),
    fill: (value) => (control.value = value === undefined || value === null ? "" : (control.shown ?? String)(value)),
  };
}

function number() {
  const control = element("input");
  control.type = "number";
  control.step = "any";
  control.inputMode = "decimal";
  control.read = Number;
  return control;
}

function category({ id, choices = [] }) {
  const control = element("input");
  control.read = (text) => text;
  if (!choices.length) return control;
  control.choices = element("datalist");
  control.choices.id = `${id}-choices`;
  control.choices.append(...choices.map((one) => option(one)));
  control.setAttribute("list", control.choices.id);
  return control;
}

function boolean() {
  const control = element("select");
  control.append(option("", "unknown"), option("true", "yes"), option("false", "no"));
  control.read = (text) => text === "true";
  return control;
}

// The browser's dates are YYYY-MM-DD; the server reads them in the format of the column.
function date({ format = ISO }) {
  const control = element("input");
  control.read = (text) => text;
  if (/%[^Ymd]/.test(format)) return control; // with a time: as text
  control.type = "date";
  control.read = (text) => {
    const [year, month, day] = text.split("-");
    return format.replace("%Y", year).replace("%m", month).replace("%d", day);
  };
  control.shown = (example) => {
    const order = format.match(/%[Ymd]/g);
    const parts = example.split(/\D+/);
    return ["%Y", "%m", "%d"].map((one) => parts[order.indexOf(one)]).join("-");
  };
  return control;
}

function option(value, text = value) {
  const one = element("option", text);
  one.value = value;
  return one;
}
