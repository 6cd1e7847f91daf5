// What was found, drawn over the image: boxes and masks.

const HUES = [45, 190, 330, 100, 265, 15, 150, 220]; // of classes, told apart on a photograph
const LONGEST = 1024; // pixels of the picture of masks
const EDGE = 2; // pixels of it
const at = (id) => document.getElementById(id);

export function colour(classes, name) {
  return `hsl(${HUES[classes.indexOf(name) % HUES.length]} 95% 66%)`;
}

export function showObjects(classes, found, width, height) {
  const upwards = [...found].reverse(); // the likeliest on top
  const boxes = upwards.map((one) => box(one, colour(classes, one.class), width, height));
  at("boxes").replaceChildren(...boxes);
  const scale = LONGEST / Math.max(width, height);
  const canvas = at("masks");
  [canvas.width, canvas.height] = [Math.ceil(width * scale), Math.ceil(height * scale)];
  for (const one of upwards.filter((one) => one.mask)) {
    paint(canvas, decoded(one.mask), height, scale, colour(classes, one.class));
  }
}

function box(one, hue, width, height) {
  const [x1, y1, x2, y2] = one.box;
  const made = document.createElement("div");
  const label = document.createElement("span");
  label.textContent = `${one.class} ${(100 * one.probability).toFixed(0)} %`;
  made.append(label);
  made.classList.add("box");
  made.classList.toggle("top", y1 < height / 8); // there is no room above it
  made.classList.toggle("right", x1 > width / 2);
  made.style.setProperty("--class", hue);
  made.style.left = `${(100 * x1) / width}%`;
  made.style.top = `${(100 * y1) / height}%`;
  made.style.width = `${(100 * (x2 - x1)) / width}%`;
  made.style.height = `${(100 * (y2 - y1)) / height}%`;
  return made;
}

// COCO's run-length encoding: runs outside and inside in turn, column by column; each as the
// difference to the last but one, in characters of five bits and one that says whether more come.
function decoded({ size: [height, width], counts: text }) {
  const mask = new Uint8Array(height * width);
  const counts = [];
  let [place, end] = [0, 0];
  while (place < text.length) {
    let [value, shift, code] = [0, 0, 32];
    for (; code & 32; shift += 5) {
      code = text.charCodeAt(place++) - 48;
      value |= (code & 31) << shift;
    }
    if (code & 16) value |= -1 << shift;
    counts.push(counts.length > 2 ? value + counts.at(-2) : value);
    mask.fill((counts.length + 1) % 2, end, (end += counts.at(-1)));
  }
  return mask;
}

function paint(canvas, mask, height, scale, hue) {
  const pen = canvas.getContext("2d");
  pen.fillStyle = hue;
  const covers = (x, y) =>
    x >= 0 && y >= 0 && x < canvas.width && y < canvas.height &&
    mask[Math.floor(x / scale) * height + Math.floor(y / scale)];
  const sides = [[EDGE, 0], [-EDGE, 0], [0, EDGE], [0, -EDGE]];
  for (let x = 0; x < canvas.width; x++) {
    for (let y = 0; y < canvas.height; y++) {
      if (!covers(x, y)) continue;
      const inside = sides.every(([right, down]) => covers(x + right, y + down));
      pen.globalAlpha = inside ? 0.35 : 1;
      pen.fillRect(x, y, 1, 1);
    }
  }
}
