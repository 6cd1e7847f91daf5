// Images: chosen, dropped, pasted, drawn, or one of the examples.
import { reveal } from "./answer.js";
import { imageOf, release, showExamples } from "./gallery.js";
import { startPad } from "./pad.js";

const SMALL = 64; // pixels a side: images of this size can be drawn
const at = (id) => document.getElementById(id);

export function startImage(model, ask, clear, { examples, strokes }) {
  const { height, width, channels, exif } = model.input;
  at("image").hidden = false;
  at("picture").style.imageOrientation = exif === "apply" ? "from-image" : "none"; // as boxes count

  async function send(image, caption, label) {
    const body = new FormData();
    body.append("image", image, "image");
    at("seen-as").textContent = "";
    const answered = await ask({ body, label });
    if (answered) picture(image, caption);
    return answered;
  }

  async function choose(image, caption, label) {
    if (await send(image, caption, label)) reveal();
  }

  function take(files) {
    const image = [...files].find((file) => file.type.startsWith("image/")) ?? files[0];
    if (!image) return;
    release();
    choose(image, image.name);
  }

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
  showExamples(model.input, examples, ({ label, given }) =>
    choose(imageOf(given), `A test image, ${width} × ${height} pixels`, label),
  );
  if (channels !== 1 || Math.max(height, width) > SMALL || strokes === null) return;
  at("drawing").hidden = false;
  startPad(model.input, strokes, async (image) => {
    release();
    if (!image) {
      at("seen-as").textContent = "";
      return clear();
    }
    const caption = `Your drawing as the model sees it, ${width} × ${height} pixels`;
    if (await send(image, caption)) at("seen-as").textContent = at("summary").textContent;
  });
}

function picture(image, caption) {
  URL.revokeObjectURL(at("picture").src);
  at("picture").src = URL.createObjectURL(image);
  at("picture").alt = caption;
  at("caption").textContent = caption;
  at("figure").hidden = false;
}
