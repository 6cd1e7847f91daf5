// A drawing as an image of the size that a model takes, like those that it has learned from.

const FINE = 8; // pixels a side that one of the image is the mean of
const DOT = 3; // the most that a drawing is enlarged, or a dot would fill the frame
const SQUEEZED = 0.7; // what is broader than the frame becomes narrower, at most so much
const FRAMED = 20; // an image of this size has a frame around a digit, as MNIST's have

// How lines are drawn where the server knows no images: white on black, see `strokes` of /examples.
export function usual({ width, height }) {
  const frame = Math.min(width, height) >= FRAMED ? 5 / 7 : 1;
  return { dark: false, width: frame, height: frame, line: 0.15, squeezed: 1 };
}

// Paint lines, each a list of points; `place` says where a point lies on the canvas.
export function stroke(brush, lines, width, place) {
  brush.lineWidth = width;
  brush.lineCap = brush.lineJoin = "round";
  for (const line of lines) {
    brush.beginPath();
    brush.moveTo(...place(line[0]));
    for (const point of line) brush.lineTo(...place(point));
    brush.stroke();
  }
}

// Return a canvas of the model's size, with the drawing in the middle, as large and as thick as
// `strokes` says. Points are shares of the pad. Each pixel is the mean of many.
export function fitted(lines, { width, height }, strokes) {
  const fine = document.createElement("canvas");
  [fine.width, fine.height] = [width * FINE, height * FINE];
  const sides = [fine.width, fine.height];
  const ink = strokes.line * fine.height;
  const boxes = [0, 1].map((axis) => {
    const along = lines.flat().map((point) => point[axis]);
    return [Math.min(...along), Math.max(...along)];
  });
  const middle = boxes.map(([low, high]) => (low + high) / 2);
  const frame = [strokes.width, strokes.height];
  let [across, down] = boxes.map(([low, high], axis) => {
    const room = Math.max(0, sides[axis] * frame[axis] - ink);
    return Math.min(DOT, room / (sides[axis] * (high - low)));
  });
  down = Math.min(down, across / (strokes.squeezed ?? SQUEEZED));
  across = Math.min(across, down);
  const scales = [across, down];
  const brush = fine.getContext("2d");
  brush.fillStyle = strokes.dark ? "#fff" : "#000";
  brush.strokeStyle = strokes.dark ? "#000" : "#fff";
  brush.fillRect(0, 0, ...sides);
  stroke(brush, lines, ink, (point) =>
    point.map((share, axis) => sides[axis] * (0.5 + scales[axis] * (share - middle[axis]))),
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
