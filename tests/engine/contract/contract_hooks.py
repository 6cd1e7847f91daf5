"""What Schemathesis sends where the server takes an image: a PNG of one pixel."""

import io

import schemathesis
from hypothesis import strategies
from PIL import Image

file = io.BytesIO()
Image.new("L", (1, 1)).save(file, "png")
image = strategies.just(file.getvalue())
for media in ("image/*", "application/octet-stream"):
    schemathesis.openapi.media_type(media, image)
schemathesis.openapi.format("binary", image)
