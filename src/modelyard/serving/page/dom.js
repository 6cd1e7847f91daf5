// Small makers of elements.

export function element(tag, text = "", kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = kind;
  return made;
}

// Return a name as nodes between which a line may end: after each underscore.
export function breakable(name) {
  const parts = name.split(/(?<=_)/);
  return parts.flatMap((part, place) => (place ? [document.createElement("wbr"), part] : [part]));
}
