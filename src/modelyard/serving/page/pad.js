// The pad: what is drawn, white on black, becomes an image of the size that the model takes.

const SIDE = 512; // pixels of the pad
const INK = 0.15; // width of a line, of the drawing's height
const STEP = 1 / 16; // what an arrow key moves the pen
const FINE = 8; // pixels a side that one of the image is the mean of
const FRAMED = 20; // an image of this size has a frame around a digit, as MNIST's have
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const at = (id) => document.getElementById(id);

// `changed` is called with an image whenever a line is finished, without one when all is cleared.
export function startPad({ width, height }, changed) {
  const pad = at("pad");
  [pad.width, pad.height] = [SIDE, Math.round((SIDE * height) / width)];
  const whole = [pad.width, pad.height];
  let lines = [];
  let line = null; // the one being drawn
  let pen = [0.5, 0.5]; // shares of the pad; where the keys draw
  let keys = false;

  function repaint() {
    const brush = pad.getContext("2d");
    brush.clearRect(0, 0, ...whole);
    stroke(brush, lines, INK * pad.height, ([x, y]) => [x * whole[0], y * whole[1]]);
    if (!keys) return;
    brush.lineWidth = 4;
    brush.strokeStyle = line ? "#98a2ff" : "#888";
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
    fitted(lines, width, height, pad).toBlob(changed);
  }

  function clear() {
    lines = [];
    line = null;
    repaint();
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
}

function stroke(brush, lines, width, place) {
  brush.strokeStyle = "#fff";
  brush.lineWidth = width;
  brush.lineCap = brush.lineJoin = "round";
  for (const line of lines) {
    brush.beginPath();
    brush.moveTo(...place(line[0]));
    for (const point of line) brush.lineTo(...place(point));
    brush.stroke();
  }
}

// The drawing moved to the middle and as large as the frame lets it: so are handwritten digits
// that models learn from. Each pixel is the mean of many, also as in those.
function fitted(lines, width, height, pad) {
  const fine = document.createElement("canvas");
  [fine.width, fine.height] = [width * FINE, height * FINE];
  const ink = INK * fine.height;
  const sides = [fine.width, fine.height];
  const frame = Math.min(width, height) >= FRAMED ? 5 / 7 : 1;
  const middle = [];
  let scale = 3; // of a dot; others are larger than the frame at this scale
  for (const axis of [0, 1]) {
    const along = lines.flat().map((point) => point[axis]);
    const [low, high] = [Math.min(...along), Math.max(...along)];
    middle.push((low + high) / 2);
    scale = Math.min(scale, (sides[axis] * frame - ink) / (sides[axis] * (high - low)));
  }
  const brush = fine.getContext("2d");
  brush.fillRect(0, 0, ...sides);
  stroke(brush, lines, ink, (point) =>
    point.map((share, axis) => sides[axis] * (0.5 + scale * (share - middle[axis]))),
  );
  return averaged(brush.getImageData(0, 0, ...sides), width, height);
}

function averaged({ data, width: across }, width, height) {
  const image = new ImageData(width, height);
  image.data.fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [left, top] = [(pixel % width) * FINE, Math.floor(pixel / width) * FINE];
    let sum = 0;
    for (let y = top; y < top + FINE; y++) {
      for (let x = left; x < left + FINE; x++) sum += data[4 * (y * across + x)];
    }
    image.data.fill(Math.round(sum / FINE ** 2), 4 * pixel, 4 * pixel + 3);
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
