"""The numbered objects of a PDF file, and the file that they make: what `pdf_maker` writes into."""

from __future__ import annotations


class Body:
    """The numbered objects of a PDF file, and the file that they make."""

    def __init__(self) -> None:
        self.objects: list[bytes] = []

    def reserve(self) -> int:
        self.objects.append(b"")
        return len(self.objects)

    def put(self, number: int, text: str) -> None:
        self.objects[number - 1] = text.encode("latin-1")

    def add(self, text: str) -> int:
        number = self.reserve()
        self.put(number, text)
        return number

    def add_stream(self, entries: str, data: bytes) -> int:
        number = self.reserve()
        self.objects[number - 1] = f"<< {entries} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"
        return number

    def file(self, root: int, info: int | None) -> bytes:
        data = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, content in enumerate(self.objects, 1):
            places.append(len(data))
            data += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
        table = len(data)
        rows = "".join(f"{place:010d} 00000 n \n" for place in places)
        size = len(self.objects) + 1
        about = f" /Info {info} 0 R" if info else ""
        data += f"xref\n0 {size}\n0000000000 65535 f \n{rows}trailer\n".encode()
        data += f"<< /Size {size} /Root {root} 0 R{about} >>\nstartxref\n{table}\n%%EOF\n".encode()
        return bytes(data)


def add_font(body: Body, name: str) -> int:
    """A standard font whose codes 1 and 2 are the ligatures fi and fl, and whose code 3 reads as U+1D44A, a letter of
    mathematics, written in two halves as TeX does."""
    encoding = "<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [1 /fi /fl /W] >>"
    table = body.add_stream(
        "", b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <03> <D835DC4A> endbfchar"
    )
    return body.add(f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding {encoding} /ToUnicode {table} 0 R >>")


def pdf_string(text: str) -> str:
    """A text as a PDF's string object, in any script."""
    return f"<{(chr(0xFEFF) + text).encode('utf-16-be').hex()}>"
