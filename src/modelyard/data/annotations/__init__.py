"""Read annotations of every task and format, and leave out what cannot be learned from."""

from importlib import import_module
from typing import TYPE_CHECKING

from modelyard.config.annotation_section import AnnotationSource

from .listing import Example, Listing, Object
from .source_files import check_folders
from .split_lists import apply_split_lists
from .usable import usable
from .whole import check_format, check_listing, check_objects, note_crowds

if TYPE_CHECKING:
    from modelyard.config.data_section import ImageData

__all__ = ["Example", "Listing", "Object", "check_objects", "read_annotations", "read_listing"]

READERS = {  # the module of each format; each has a function read(source) -> Listing
    "folders": "folders",
    "csv": "csv_layouts",
    "coco": "coco_reader",
    "yolo": "yolo",
    "voc": "voc",
    "labelme": "labelme",
    "via": "via",
}


def read_annotations(config: "ImageData") -> tuple[list[Example], Listing]:
    """Return the examples in the order of the annotations, and the listing with what is bad.

    Boxes may reach over the edge of their image, but not lie outside it. An image without objects
    is an example too, unless it had some and none can be used: nobody said that nothing is there.
    No image is decoded here; whoever does adds what it finds to `Listing.bad`, then checks the
    share of what is bad.

    Raises:
        UserError: an unreadable file, or one without what the task needs.
    """
    check_format(config)
    listing = read_listing(config)
    check_listing(config, listing)
    examples = list(usable(config, listing))
    note_crowds(listing, examples)
    return examples, listing


def read_listing(source: AnnotationSource) -> Listing:
    """Read what a source lists, whatever its format, before any image is opened.

    Images that are not there are listed, with `Listed.missing`.

    Raises:
        UserError: an unreadable file, or nothing is listed.
    """
    check_folders(source)
    listing: Listing = import_module(f".{READERS[source.annotation_type]}", __name__).read(source)
    apply_split_lists(source, listing)
    return listing
