// Unpack the Chromium that the package brings; print where it is.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
