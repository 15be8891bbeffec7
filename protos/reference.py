"""Write docs/api.md from the protos and their comments, or check that it is fresh.

    python protos/reference.py            writes docs/api.md
    python protos/reference.py --check    exit status 1 when docs/api.md differs from what the protos say

The text around the tables stands in docs/api_introduction.md. Needs the ``dev`` extra (grpcio-tools).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from grpc_tools import protoc

PROTOS = Path(__file__).resolve().parent
DOCS = PROTOS.parent / "docs"
ORDER = ("identity", "admin", "records")
_PACKAGE = ".mpi.v1."
# Field numbers in descriptor.proto: the path of a comment is made of them.
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6
_FIELDS, _ONEOFS, _VALUES, _METHODS = 2, 8, 2, 2
_SCALARS = {number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()}

Comments = dict[tuple[int, ...], str]


def load() -> dict[str, FileDescriptorProto]:
    """The files of this package by their bare name, with comments. Raises RuntimeError when protoc refuses one."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "all.binpb"
        includes = [f"-I{PROTOS}", f"-I{files('grpc_tools') / '_proto'}"]
        names = [f"mpi/v1/{name}.proto" for name in ORDER]
        if protoc.main(["protoc", *includes, "--include_source_info", f"--descriptor_set_out={target}", *names]) != 0:
            raise RuntimeError("protoc failed")
        found = FileDescriptorSet.FromString(target.read_bytes())
    return {Path(file.name).stem: file for file in found.file}


def comments_of(file: FileDescriptorProto) -> Comments:
    """Leading comments by path; a blank line stays between paragraphs."""
    found: Comments = {}
    for location in file.source_code_info.location:
        if location.leading_comments:
            lines = "\n".join(line.strip() for line in location.leading_comments.split("\n"))
            found[tuple(location.path)] = "\n\n".join(p.replace("\n", " ") for p in lines.strip().split("\n\n"))
    return found


def reference() -> str:
    """The whole page."""
    protos = load()
    parts = [(DOCS / "api_introduction.md").read_text(encoding="utf-8").rstrip()]
    for name in ORDER:
        file, comments = protos[name], comments_of(protos[name])
        for index, service in enumerate(file.service):
            parts += _service(service, comments, (_SERVICES, index))
        parts.append(f"## Messages of {name}.proto")
        for index, message in enumerate(file.message_type):
            parts += _message(message, comments, (_MESSAGES, index))
        for index, enum in enumerate(file.enum_type):
            parts += _enum(enum, comments, (_ENUMS, index))
    return "\n\n".join(parts) + "\n"


def _service(service: ServiceDescriptorProto, comments: Comments, path: tuple[int, ...]) -> Iterator[str]:
    yield f"## {service.name}"
    yield comments[path]
    rows = []
    for index, method in enumerate(service.method):
        request = ("stream " if method.client_streaming else "") + _link(method.input_type)
        response = ("stream " if method.server_streaming else "") + _link(method.output_type)
        rows.append((f"`{method.name}`", request, response, comments[*path, _METHODS, index]))
    yield _table(("rpc", "takes", "gives", "does"), rows)


def _message(message: DescriptorProto, comments: Comments, path: tuple[int, ...]) -> Iterator[str]:
    yield f"### {message.name}"
    yield comments[path]
    rows = []
    for index, field in enumerate(message.field):
        choice = f" (one of `{message.oneof_decl[field.oneof_index].name}`)" if field.HasField("oneof_index") else ""
        rows.append((f"{field.number}", f"`{field.name}`", _type(message, field), comments[*path, _FIELDS, index] + choice))
    if rows:
        yield _table(("", "field", "type", "is"), rows)
    for index, choice in enumerate(message.oneof_decl):
        yield f"`{choice.name}`: {comments[*path, _ONEOFS, index]}"


def _enum(enum: EnumDescriptorProto, comments: Comments, path: tuple[int, ...]) -> Iterator[str]:
    yield f"### {enum.name}"
    yield comments[path]
    rows = [(f"{v.number}", f"`{v.name}`", comments[*path, _VALUES, index]) for index, v in enumerate(enum.value)]
    yield _table(("", "value", "means"), rows)


def _type(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    entry = next((n for n in message.nested_type if n.options.map_entry and field.type_name.endswith(f".{n.name}")), None)
    if entry is not None:
        return f"map of {_type(entry, entry.field[0])} to {_type(entry, entry.field[1])}"
    name = _link(field.type_name) if field.type_name else _SCALARS[field.type]
    return f"repeated {name}" if field.label == FieldDescriptorProto.LABEL_REPEATED else name


def _link(type_name: str) -> str:
    if type_name.startswith(_PACKAGE):
        name = type_name.removeprefix(_PACKAGE)
        return f"[{name}](#{name.lower()})"
    return type_name.removeprefix(".")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("\n\n", " ").replace("|", "\\|") for cell in row) + " |" for row in lines)


def main(arguments: list[str]) -> int:
    """Run the script; returns the exit status."""
    target, text = DOCS / "api.md", reference()
    if "--check" in arguments:
        if target.exists() and target.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write("docs/api.md is not what the protos say: run python protos/reference.py\n")
        return 1
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
