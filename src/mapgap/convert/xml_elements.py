"""XML as a tree of elements with their lines, read without anything that XML can do: no entities, no document types."""

from dataclasses import dataclass, field
from xml.parsers import expat

from mapgap.errors import InputError

DEEPEST = 32
MOST_ELEMENTS = 1_000_000
FIX = "Write an annotation as PASCAL VOC has it: plain elements with text"


@dataclass
class Element:
    """One element while and after it is read."""

    name: str
    line: int
    text: str = ""
    """All text directly in it."""
    children: list["Element"] = field(default_factory=list)

    def child(self, name: str) -> "Element | None":
        """The first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def child_text(self, name: str) -> str | None:
        """The text of that child without outer blanks; None where it is missing or empty."""
        child = self.child(name)
        return (child.text.strip() or None) if child is not None else None


def read_xml(content: bytes, file: str) -> Element:
    """The root element.

    InputError with the line for what is no XML, for a document type (which could declare entities that grow without
    bound or name other files), and for elements nested more than 32 deep or more than a million.
    """
    parser = expat.ParserCreate()
    reading = _Reading(parser, file)
    parser.buffer_text = True
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.add_text
    parser.StartDoctypeDeclHandler = reading.refuse_document_type
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        what = f"no XML: {expat.ErrorString(error.code)}"
        raise InputError(what, file=file, where=f"line {error.lineno}", fix="Write the file again, whole") from None
    except (LookupError, ValueError) as error:  # an encoding that Python does not know, or not byte for byte
        raise InputError(f"no XML: {error}", file=file, where="line 1", fix="Write it in UTF-8") from None
    assert reading.root is not None
    return reading.root


class _Reading:
    """Open while a file is parsed."""

    def __init__(self, parser: expat.XMLParserType, file: str):
        self._parser, self._file = parser, file
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        """Of the open elements, in pieces: adding to a long text again and again takes time with its square."""
        self._count = 0
        self.root: Element | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(name, self._parser.CurrentLineNumber)
        self._count += 1
        if len(self._open) >= DEEPEST or self._count > MOST_ELEMENTS:
            many = f"elements more than {DEEPEST} deep" if len(self._open) >= DEEPEST else "too many elements"
            raise self._refusal(many)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def end(self, name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def add_text(self, text: str) -> None:
        self._texts[-1].append(text)

    def refuse_document_type(self, name: str, *rest: object) -> None:
        raise self._refusal("a document type, which is never read")

    def _refusal(self, what: str) -> InputError:
        return InputError(what, file=self._file, where=f"line {self._parser.CurrentLineNumber}", fix=FIX)
