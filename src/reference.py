"""Write the reference as HTML: FOLDER/c from the headers by Doxygen, FOLDER/python from the docstrings by pdoc.

    python3 src/reference.py FOLDER [c|python]

The comments of the headers are plain text, made to be read where they stand. A copy of the headers is marked up for
Doxygen: what stands before a declaration is about it, what stands behind a field is about that, aligned names are
parameters, indented lines and tables stay as they are. A warning is an error, and so is a function without a comment.
"""
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LEFT_OUT = ("kehu.h", "python.h")  # no declarations; not for other programs
DOXYFILE = """
PROJECT_NAME = kehu
PROJECT_NUMBER = {version}
PROJECT_BRIEF = "Customer analytics inside your own program"
INPUT = {folder}/headers
OUTPUT_DIRECTORY = {folder}
HTML_OUTPUT = c
RECURSIVE = YES
STRIP_FROM_PATH = {folder}/headers
STRIP_FROM_INC_PATH = {folder}/headers
EXTRACT_ALL = YES
OPTIMIZE_OUTPUT_FOR_C = YES
TYPEDEF_HIDES_STRUCT = YES
JAVADOC_AUTOBRIEF = YES
MARKDOWN_SUPPORT = NO
SORT_MEMBER_DOCS = NO
PREDEFINED = KEHU_API= KEHU_MUST_CHECK= __GNUC__=12
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
GENERATE_LATEX = NO
HTML_TIMESTAMP = NO
HAVE_DOT = NO
SHOW_INCLUDE_FILES = NO
VERBATIM_HEADERS = NO
QUIET = YES
WARN_AS_ERROR = FAIL_ON_WARNINGS
WARN_IF_DOC_ERROR = YES
WARN_IF_INCOMPLETE_DOC = NO
"""
MODULE = """{% extends "default/module.html.jinja2" %}
{% macro docstring(var) %}{% if var.docstring %}<pre class="docstring" style="white-space: pre-wrap">{{ var.docstring | e }}</pre>{% endif %}{% endmacro %}
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def escaped(text):
    return re.sub(r"([\\@&$#<>%\"]|(?<=\.)\.)", r"\\\1", text)


def plain(comment):
    """The lines of a comment without its stars."""
    lines = comment.strip()[2:-2].split("\n")
    return [re.sub(r"^\s*\* ?", "", line).rstrip() if i else line.strip() for i, line in enumerate(lines)]


def paragraphs(lines):
    part = []
    for line in [*lines, ""]:
        if line.strip():
            part.append(line)
        elif part:
            yield part
            part = []


def as_parameters(part, names):
    """Lines of aligned names of parameters as @param; None where this is something else."""
    made = []
    for line in part:
        found = re.match(r"(\w+(?:, \w+)*)  +(\S.*)", line)
        if found and all(name in names for name in found[1].split(", ")):
            made.append(f"@param {found[1].replace(', ', ',')} {escaped(found[2])}")
        elif made and line.startswith("  "):
            made.append(escaped(line.strip()))
        else:
            return None
    return made


def marked(comment, code):
    """The body of a comment for Doxygen; code is what it stands before."""
    names = set(re.findall(r"(\w+)(?:\[\w*\])?[,)]", code))
    made = []
    for part in paragraphs(plain(comment)):
        aligned = sum(line.startswith("  ") or re.search(r"\S {2,}\S", line) is not None for line in part)
        listed = as_parameters(part, names)
        if listed:
            made += listed
        elif 2 * aligned > len(part):
            made += ["@verbatim", *part, "@endverbatim"]
        else:
            made += [escaped(line) for line in part]
        made.append("")
    return "\n".join(made)


def declaration(lines, i):
    """The code from line i to the end of its declaration, and the line behind it."""
    depth, first = 0, i
    while i < len(lines):
        code = re.sub(r"/\*.*?\*/|/\*.*", "", lines[i])
        depth += code.count("{") + code.count("(") - code.count("}") - code.count(")")
        i += 1
        if depth <= 0 and (code.rstrip().endswith(";") or lines[first].startswith("#")):
            break
    return "\n".join(lines[first:i]), i


def behind(text):
    """Comments behind fields, enumerators and macros, and what one says for several names on its line."""
    def several(m):
        kind, names, comment = m[1], m[2].split(", "), m[3]
        return "\n".join(f"{kind}{name}; /**<{escaped(comment)}*/" for name in names)
    text = re.sub(r"^( +(?:const )?\w+ (?=\w))(\w+(?:, \w+)+);\s*/\*(.*?)\*/", several, text, flags=re.M | re.S)
    return re.sub(r"(?<=[;,\w})])(\s+)/\*(?![*])(.*?)\*/", lambda m: f"{m[1]}/**<{escaped(m[2])}*/", text, flags=re.S)


def statuses(text):
    """The enum of statuses without its macro."""
    listed = re.findall(r"X\((\w+), (-?\d+), \"([^\"]*)\"\)", text)
    text = re.sub(r"#define KEHU_STATUS_MAP\(X\).*?(?<!\\)\n\n", "\n", text, flags=re.S)
    return re.sub(r"#define X\(name.*?#undef X\n", "".join(f"    KEHU_{name} = {number}, /* {said} */\n" for name, number, said in listed),
                  text, flags=re.S)


def mark_up(name, text):
    """A header for Doxygen; the first line of what it is; functions without a comment."""
    lines, made, silent, last, i = statuses(text).split("\n"), [], [], None, 0
    about = None
    while i < len(lines):
        if lines[i].startswith("/*"):
            end = next(k for k in range(i, len(lines)) if "*/" in lines[k])
            comment, i = "\n".join(lines[i:end + 1]), end + 1
            if about is None:
                about = " ".join(plain(comment)).split(" - ", 1)[1].split(". ")[0].split(" * ")[0]
                body = marked(comment, "").replace(f"kehu/{name} - ", "", 1)
                made.append(f"/** @file kehu/{name}\n{body[0].upper() + body[1:]}*/")
            elif i < len(lines) and lines[i].strip() and not comment.startswith("/* ----"):
                last = comment
            else:
                made.append(comment)
                last = None
        elif not lines[i].strip():
            last = None
            made.append(lines[i])
            i += 1
        elif re.match(r"(KEHU_API|typedef|enum|struct)\b|#define KEHU_(?!.*_H$)", lines[i]):
            code, i = declaration(lines, i)
            if last:
                made.append(f"/** {marked(last, code)}*/")
            elif code.startswith("KEHU_API"):
                silent.append(f"kehu/{name}: no comment: " + " ".join(code.split())[:120])
            made.append(behind(code) if not code.startswith("KEHU_API") else code)
        else:
            made.append(lines[i])
            i += 1
    return "\n".join(made), about, silent


def write_c(folder, version):
    front, silent = ["/** @mainpage\nOne header a handle; each says what its functions take, cost and when they fail.\n<table>"], []
    for path in sorted(glob.glob(os.path.join(TOP, "include", "kehu", "*.h"))):
        name = os.path.basename(path)
        if name in LEFT_OUT:
            continue
        text, about, found = mark_up(name, read(path))
        silent += found
        write(os.path.join(folder, "headers", "kehu", name), text)
        front.append(f"<tr><td>kehu/{name}</td><td>{escaped(about)}</td></tr>")
    if silent:
        sys.exit("\n".join(silent))
    write(os.path.join(folder, "headers", "main.dox"), "\n".join([*front, "</table> */\n"]))
    subprocess.run(["doxygen", "-"], input=DOXYFILE.format(folder=folder, version=version), encoding="utf-8", check=True)


def write_python(folder):
    """What `import kehu` shows. pdoc's warnings are errors, but where it cannot look into an annotation and shows it as it stands."""
    write(os.path.join(folder, "template", "module.html.jinja2"), MODULE)
    done = subprocess.run([sys.executable, "-W", "error", "-W", "ignore:Error parsing type annotation", "-m", "pdoc", "-t", os.path.join(folder, "template"), "-o", os.path.join(folder, "python"),
                           "--no-show-source", "kehu", "!kehu._", "!kehu.spark", "!kehu.sklearn"], stderr=subprocess.PIPE, encoding="utf-8")
    if done.returncode != 0 or "Warn" in done.stderr:
        sys.exit(done.stderr)


def main():
    folder = os.path.abspath(sys.argv[1])
    version = subprocess.run([sys.executable, os.path.join(TOP, "src", "version.py")], check=True, stdout=subprocess.PIPE,
                             encoding="utf-8").stdout.strip()
    parts = sys.argv[2:] or ["c", "python"]
    if "c" in parts:
        write_c(folder, version)
    if "python" in parts:
        write_python(folder)


main()
