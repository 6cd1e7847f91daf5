// Images: chosen, dropped, pasted or drawn.
import { startPad } from "./pad.js";

const SMALL = 64; // pixels a side: images of this size can be drawn
const at = (id) => document.getElementById(id);

export function startImage(model, ask, clear) {
  const { height, width, channels, exif } = model.input;
  at("image").hidden = false;
  at("picture").style.imageOrientation = exif === "apply" ? "from-image" : "none"; // as boxes count

  async function send(image, caption) {
    const body = new FormData();
    body.append("image", image, "image");
    if (await ask({ body })) picture(image, caption);
  }

  function take(files) {
    const image = [...files].find((file) => file.type.startsWith("image/")) ?? files[0];
    if (image) send(image, image.name);
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
  if (channels === 1 && Math.max(height, width) <= SMALL) {
    at("drawing").hidden = false;
    startPad(model.input, (image) => {
      if (image) send(image, `Your drawing as the model sees it, ${width} × ${height} pixels`);
      else clear();
    });
  }
}

function picture(image, caption) {
  URL.revokeObjectURL(at("picture").src);
  at("picture").src = URL.createObjectURL(image);
  at("picture").alt = caption;
  at("caption").textContent = caption;
  at("figure").hidden = false;
}
