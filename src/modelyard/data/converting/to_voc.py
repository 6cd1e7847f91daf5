"""Write Pascal VOC's XML: a file per image, corners counted from 1, and lists of the splits."""

import posixpath
from pathlib import Path
from xml.etree import ElementTree as Xml

from modelyard.data.annotations.exact import add
from modelyard.data.annotations.listing import Example, Object

from .content import Content, Size
from .one_per_image import label_paths, write_lists, write_text

COLOURS = 3


def write(target: Path, content: Content) -> None:
    """Write an XML file per image below a folder.

    Raises:
        UserError: two images would share a file.
    """
    for example, path in zip(content.examples, label_paths(content.examples, ".xml"), strict=True):
        document = _document(example, content.size(example.path))
        Xml.indent(document)
        write_text(target, path, Xml.tostring(document, "unicode") + "\n")
    write_lists(target, content.examples)


def _document(example: Example, size: Size) -> Xml.Element:
    root = Xml.Element("annotation")
    _add(root, "folder", posixpath.dirname(example.path))
    _add(root, "filename", posixpath.basename(example.path))
    sides = Xml.SubElement(root, "size")
    for key, side in (("width", size[1]), ("height", size[0]), ("depth", COLOURS)):
        _add(sides, key, side)
    _add(root, "segmented", 0)
    for one in example.objects:
        _add_object(Xml.SubElement(root, "object"), one)
    return root


def _add_object(element: Xml.Element, one: Object) -> None:
    x1, y1, x2, y2 = one.box or (0, 0, 0, 0)
    for key, text in (("name", one.label), ("pose", "Unspecified"), ("truncated", 0)):
        _add(element, key, text)
    _add(element, "difficult", int(one.crowd))
    box = Xml.SubElement(element, "bndbox")
    for key, corner in (("xmin", add(x1, 1)), ("ymin", add(y1, 1)), ("xmax", x2), ("ymax", y2)):
        _add(box, key, corner)


def _add(parent: Xml.Element, key: str, value: object) -> None:
    Xml.SubElement(parent, key).text = str(value)
