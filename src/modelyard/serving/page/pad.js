// The pad: what is drawn there becomes an image of the size that the model takes.
import { fitted, stroke, usual } from "./ink.js";

const SIDE = 512; // pixels of the pad
const INK = 0.15; // width of a line, of the pad's height
const STEP = 1 / 16; // what an arrow key moves the pen
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const at = (id) => document.getElementById(id);

// `changed` is called with an image whenever a line is finished, without one when all is cleared.
export function startPad(size, strokes, changed) {
  const pad = at("pad");
  const like = strokes ?? usual(size);
  pad.classList.toggle("dark", like.dark);
  [pad.width, pad.height] = [SIDE, Math.round((SIDE * size.height) / size.width)];
  const whole = [pad.width, pad.height];
  let lines = [];
  let line = null; // the one being drawn
  let pen = [0.5, 0.5]; // shares of the pad; where the keys draw
  let keys = false;

  function repaint() {
    const brush = pad.getContext("2d");
    brush.clearRect(0, 0, ...whole);
    brush.strokeStyle = like.dark ? "#000" : "#fff";
    if (!lines.length && !keys) invite(brush, whole);
    stroke(brush, lines, INK * pad.height, ([x, y]) => [x * whole[0], y * whole[1]]);
    if (!keys) return;
    brush.lineWidth = 4;
    brush.strokeStyle = line ? "#7f8bff" : "#888";
    brush.beginPath();
    brush.arc(pen[0] * whole[0], pen[1] * whole[1], (INK * pad.height) / 2 + 4, 0, 7);
    brush.stroke();
  }

  function begin(point) {
    line = [point];
    lines.push(line);
    repaint();
  }

  function finish() {
    if (!line) return;
    line = null;
    repaint();
    const image = fitted(lines, size, like);
    preview(image);
    image.toBlob(changed);
  }

  function clear() {
    lines = [];
    line = null;
    repaint();
    at("seen").hidden = true;
    changed(null);
  }

  const place = (event) => {
    const box = pad.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  pad.addEventListener("pointerdown", (event) => {
    keys = false;
    pad.setPointerCapture(event.pointerId);
    begin(place(event));
  });
  pad.addEventListener("pointermove", (event) => {
    if (!line || keys) return;
    line.push(...(event.getCoalescedEvents?.() ?? [event]).map(place));
    repaint();
  });
  for (const kind of ["pointerup", "pointercancel"]) pad.addEventListener(kind, finish);
  pad.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow && ![" ", "Delete", "Backspace"].includes(event.key)) return;
    event.preventDefault();
    keys = true;
    if (arrow) {
      pen = pen.map((share, axis) => Math.min(1, Math.max(0, share + STEP * arrow[axis])));
      line?.push(pen);
      repaint();
    } else if (event.key === " ") {
      if (line) finish();
      else begin(pen);
      at("pen").textContent = line ? "Pen down" : "Pen up";
    } else {
      clear();
      at("pen").textContent = "Cleared";
    }
  });
  pad.addEventListener("blur", () => {
    finish();
    keys = false;
    repaint();
  });
  at("clear").addEventListener("click", clear);
  repaint();
}

function invite(brush, [width, height]) {
  brush.font = `${SIDE / 14}px system-ui, sans-serif`;
  brush.textAlign = "center";
  brush.fillStyle = "#767676"; // readable on black and on white
  brush.fillText("draw here", width / 2, height / 2);
}

function preview(image) {
  const seen = at("seen");
  [seen.width, seen.height] = [image.width, image.height];
  seen.getContext("2d").drawImage(image, 0, 0);
  seen.classList.add("small");
  seen.hidden = false;
}
